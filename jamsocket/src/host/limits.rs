use std::{error::Error, fmt, time::Duration};

/// One of a set of limits, as an operator knows it: a name that is a field, a key of a file and a
/// flag at once, a sentence about it, and its value as text.
///
/// [`limits!`](crate::limits) makes a set and the table of its bounds from one definition.
#[derive(Debug)]
pub struct Bound<L> {
    /// The field's name.
    pub name: &'static str,
    /// The first sentence of the field's documentation.
    pub help: &'static str,
    #[doc(hidden)]
    pub read: fn(&L) -> String,
    #[doc(hidden)]
    pub write: fn(&mut L, &str) -> Result<(), BoundError>,
    #[doc(hidden)]
    pub copy: fn(&L, &mut L),
}

impl<L> Bound<L> {
    /// The value in `limits`, as [`set`](Self::set) takes it.
    pub fn text(&self, limits: &L) -> String {
        (self.read)(limits)
    }

    /// Sets the value in `limits`.
    ///
    /// # Errors
    ///
    /// The text is no value of this bound.
    pub fn set(&self, limits: &mut L, text: &str) -> Result<(), BoundError> {
        (self.write)(limits, text)
    }

    /// Gives `to` the value that `from` has.
    pub fn copy(&self, from: &L, to: &mut L) {
        (self.copy)(from, to);
    }

    /// A field as text. Its name says whether it is a number of bytes: those end with `_bytes`.
    #[doc(hidden)]
    pub fn written(name: &str, value: &impl BoundValue) -> String {
        if name.ends_with("_bytes") { value.to_size() } else { value.to_text() }
    }

    /// The documentation up to the end of its first sentence. For [`limits!`](crate::limits), which
    /// joins the lines: each but an empty one begins with a space.
    #[doc(hidden)]
    pub const fn first_sentence(documentation: &'static str) -> &'static str {
        let text = documentation.trim_ascii();
        let bytes = text.as_bytes();
        let mut end = 1;
        while end < bytes.len() {
            if bytes[end - 1] == b'.' && bytes[end] == b' ' {
                return text.split_at(end).0;
            }
            end += 1;
        }
        text
    }
}

/// What a limit's field can be: a number, or a duration.
pub trait BoundValue: Sized {
    /// Reads a value: `1000`, `64KiB`, `16MiB`, `1GiB`, or `500ms`, `10s`, `5min`.
    ///
    /// # Errors
    ///
    /// The text is none.
    fn from_text(text: &str) -> Result<Self, BoundError>;

    /// Writes a value so that it can be read again.
    fn to_text(&self) -> String;

    /// Writes a value likewise, a number of bytes with a unit where that leaves it whole.
    fn to_size(&self) -> String {
        self.to_text()
    }
}

/// A text that is no value of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundError {
    text: String,
    wanted: &'static str,
}

impl fmt::Display for BoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no {}", self.text, self.wanted)
    }
}

impl Error for BoundError {}

/// Units of numbers, the largest first.
const SIZES: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Units of time in milliseconds; `ms` before `s`, which it ends with.
const TIMES: [(&str, u64); 3] = [("ms", 1), ("min", 60_000), ("s", 1_000)];

/// A number with one of these units, or without one where that is allowed.
fn scaled(text: &str, units: &[(&str, u64)], bare: bool) -> Option<u64> {
    let (digits, scale) = units
        .iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)))
        .or_else(|| bare.then_some((text, 1)))?;
    let digits = digits.trim_end();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(scale)
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl BoundValue for $number {
            fn from_text(text: &str) -> Result<Self, BoundError> {
                scaled(text, &SIZES, true).and_then(|value| value.try_into().ok()).ok_or_else(|| {
                    BoundError { text: text.to_owned(), wanted: "number such as `1000` or `64KiB`" }
                })
            }

            fn to_text(&self) -> String {
                self.to_string()
            }

            fn to_size(&self) -> String {
                let value = *self as u64;
                let unit = SIZES.iter().find(|(_, size)| value >= *size && value % size == 0);
                unit.map_or_else(|| value.to_string(), |(unit, size)| format!("{}{unit}", value / size))
            }
        }
    )*};
}

number!(u32, u64, usize);

impl BoundValue for Duration {
    fn from_text(text: &str) -> Result<Self, BoundError> {
        scaled(text, &TIMES, false).map(Duration::from_millis).ok_or_else(|| BoundError {
            text: text.to_owned(),
            wanted: "duration such as `500ms`, `10s` or `5min`",
        })
    }

    fn to_text(&self) -> String {
        match self.as_millis() {
            ms if ms % 60_000 == 0 && ms > 0 => format!("{}min", ms / 60_000),
            ms if ms % 1_000 == 0 => format!("{}s", ms / 1_000),
            ms => format!("{ms}ms"),
        }
    }
}

/// Defines a set of limits once: a struct with a default for each field, and the table
/// `BOUNDS` by which a command line, a file and a document know them.
///
/// The name of a field that is a number of bytes ends with `_bytes`; such are written with a unit.
///
/// ```
/// jamsocket::limits! {
///     /// What a kitchen holds.
///     pub struct KitchenLimits {
///         /// How many cooks there are at most.
///         pub cooks: u32 = 3,
///         /// How long a dish may take.
///         ///
///         /// Beyond that, the guests leave.
///         pub dish_time: std::time::Duration = std::time::Duration::from_secs(90),
///     }
/// }
///
/// let mut limits = KitchenLimits { cooks: 5, ..KitchenLimits::default() };
/// let [cooks, dish_time] = KitchenLimits::BOUNDS else { unreachable!() };
/// assert_eq!((cooks.name, cooks.help), ("cooks", "How many cooks there are at most."));
/// assert_eq!(dish_time.help, "How long a dish may take.");
/// assert_eq!(dish_time.text(&limits), "90s");
/// dish_time.set(&mut limits, "2min")?;
/// assert_eq!(limits.dish_time.as_secs(), 120);
/// let mut others = KitchenLimits::default();
/// dish_time.copy(&limits, &mut others);
/// assert_eq!((others.cooks, others.dish_time.as_secs()), (3, 120));
/// assert_eq!(cooks.set(&mut limits, "many").unwrap_err().to_string(),
///     "`many` is no number such as `1000` or `64KiB`");
/// # Ok::<(), jamsocket::host::BoundError>(())
/// ```
#[macro_export]
macro_rules! limits {
    (
        $(#[$about:meta])*
        pub struct $limits:ident {
            $($(#[doc = $help:literal])+ pub $field:ident: $value:ty = $default:expr,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $limits {
            $($(#[doc = $help])+ pub $field: $value,)*
        }

        impl Default for $limits {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $limits {
            /// Each of these limits, in the order of the fields.
            pub const BOUNDS: &'static [$crate::host::Bound<Self>] = &[
                $($crate::host::Bound {
                    name: stringify!($field),
                    help: $crate::host::Bound::<Self>::first_sentence(concat!($($help),+)),
                    read: |limits| {
                        $crate::host::Bound::<Self>::written(stringify!($field), &limits.$field)
                    },
                    write: |limits, text| {
                        limits.$field = $crate::host::BoundValue::from_text(text)?;
                        Ok(())
                    },
                    copy: |from, to| to.$field.clone_from(&from.$field),
                },)*
            ];
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_unit_where_they_are_of_bytes() {
        assert_eq!(Bound::<()>::written("message_bytes", &1024_u32), "1KiB");
        assert_eq!(Bound::<()>::written("message_bytes", &1025_u32), "1025");
        assert_eq!(Bound::<()>::written("messages", &1024_u32), "1024");
    }

    #[test]
    fn the_help_is_the_first_sentence() {
        let help = Bound::<()>::first_sentence;
        assert_eq!(help(" One line"), "One line");
        assert_eq!(
            help(concat!(" One sentence", " in two lines. And", " more.")),
            "One sentence in two lines."
        );
        assert_eq!(help(concat!(" One at 0.5 of it.", "", " More.")), "One at 0.5 of it.");
        assert_eq!(help(""), "");
    }

    #[test]
    fn numbers_are_read_with_and_without_a_unit() {
        for (text, value) in [("0", 0), ("1000", 1000), ("64KiB", 65_536), ("2 MiB", 2 << 20)] {
            assert_eq!(u64::from_text(text), Ok(value));
        }
        assert_eq!(u32::from_text("4294967295"), Ok(u32::MAX));
        for text in
            ["", "-1", "1.5", "KiB", "1 kb", "1e3", "18446744073709551616", "18014398509481984KiB"]
        {
            assert!(u64::from_text(text).is_err(), "{text}");
        }
        assert!(u32::from_text("4294967296").is_err());
        assert!(u32::from_text("4GiB").is_err());
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, ms) in [("0s", 0), ("500ms", 500), ("10s", 10_000), ("5min", 300_000)] {
            assert_eq!(Duration::from_text(text), Ok(Duration::from_millis(ms)));
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1h"] {
            assert!(Duration::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        for value in [0, 1, 1000, 1024, 1 << 20, 3 << 30, u64::MAX] {
            assert_eq!(u64::from_text(&value.to_text()), Ok(value));
            assert_eq!(u64::from_text(&value.to_size()), Ok(value));
        }
        for ms in [0, 1, 999, 1000, 60_000, 90_000] {
            let duration = Duration::from_millis(ms);
            assert_eq!(Duration::from_text(&duration.to_text()), Ok(duration));
        }
        assert_eq!((64_usize << 10).to_size(), "64KiB");
        assert_eq!(Duration::from_secs(90).to_text(), "90s");
    }
}
