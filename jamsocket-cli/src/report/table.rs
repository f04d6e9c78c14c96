use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use jamsocket::host::{BoundValue, visible};
use jamsocket_wasm_host::{
    GuestLimits, InterfaceFault, InterfaceItem, LoadError, MemorySize, ModuleReport,
};
use std::{
    collections::HashSet,
    fmt::{self, Display},
};

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

const HEADINGS: [&str; 4] = ["export or import", "expected", "found", OK];
const OK: &str = "ok";
const FAULT: &str = "fault";

/// How wide the columns are, 79 characters together, and how much of that is the gap to the next. The
/// first holds the longest name of the interface, the last one the longer of its words.
const COLUMNS: [(u16, u16); 4] = [(26, 2), (24, 2), (24, 2), (FAULT.len() as u16, 0)];

/// How many rows are shown: far more than there are things to import.
const MAX_ROWS: usize = 200;

/// How many characters of a name or a type are shown.
const MAX_CHARS: usize = 100;

/// A report for people: the interface as a table of 80 columns, then everything else.
#[derive(Debug)]
pub(crate) struct TableReport<'a> {
    pub(crate) report: &'a ModuleReport,
    /// What the module was held to.
    pub(crate) limits: &'a GuestLimits,
    /// What to do where it is refused.
    pub(crate) help: Option<String>,
}

impl Display for TableReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { report, limits, .. } = self;
        if !report.interface.is_empty() {
            write_table(&report.interface, f)?;
            writeln!(f)?;
        }
        if let Some(size) = report.size_bytes {
            let most = limits.module_bytes.to_size();
            fact("size", format_args!("{size} bytes; a module may have {most}"), f)?;
        }
        if let Some(memory) = report.memory {
            let most = limits.memory_bytes.to_size();
            fact("memory", format_args!("{}; a room may have {most}", size_of(memory)), f)?;
        }
        if let Some(elements) = report.table_elements {
            let most = limits.table_elements;
            fact("table", format_args!("{elements} elements; a room may have {most}"), f)?;
        }
        match &report.refusal {
            None => fact("serve", format_args!("{GOOD}accepts it{GOOD:#}"), f),
            Some(refusal) => {
                let reason = reason(refusal, &report.interface);
                let reason = reason.replace('\n', "\n        ");
                fact("serve", format_args!("{BAD}refuses it{BAD:#}: {reason}"), f)?;
                match &self.help {
                    Some(help) => fact("", format_args!("{HELP}help{HELP:#}: {help}"), f),
                    None => Ok(()),
                }
            }
        }
    }
}

fn fact(what: &str, text: impl Display, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "{HEADING}{what:<6}{HEADING:#}  {text}")
}

fn size_of(memory: MemorySize) -> String {
    let pages = |pages: u64, bytes: u64| match pages {
        1 => format!("1 page ({})", bytes.to_size()),
        _ => format!("{pages} pages ({})", bytes.to_size()),
    };
    let initial = pages(memory.initial_pages, memory.initial_bytes());
    match memory.maximum_pages.zip(memory.maximum_bytes()) {
        Some((most, bytes)) => format!("{initial}, growing to {}", pages(most, bytes)),
        None => initial,
    }
}

/// Why a module is refused, but for what its table says.
fn reason(refusal: &LoadError, interface: &[InterfaceItem]) -> String {
    let LoadError::Refused { faults, .. } = refusal else {
        return refusal.to_string();
    };
    let in_table: HashSet<_> = interface.iter().filter_map(|item| item.fault.as_ref()).collect();
    let (shown, others): (Vec<_>, Vec<_>) =
        faults.iter().partition(|fault| in_table.contains(fault));
    let mut reasons = Vec::new();
    match shown.len() {
        0 => {}
        1 => reasons.push("it is not a Jamsocket service, for the fault above".to_owned()),
        n => reasons.push(format!("it is not a Jamsocket service, for the {n} faults above")),
    }
    reasons.extend(others.iter().map(|fault| fault.to_string()));
    if shown.iter().any(|fault| matches!(fault, InterfaceFault::MissingExport { .. })) {
        let hint = "(in Rust, `#[jamsocket_wasm]` on the service's type makes its exports)";
        reasons.push(hint.to_owned());
    }
    reasons.join("\n")
}

fn write_table(interface: &[InterfaceItem], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut items: Vec<_> = interface.iter().collect();
    items.sort_by_key(|item| &item.imported_from);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(HEADINGS);
    let mut group = None;
    for item in items.iter().take(MAX_ROWS) {
        if group != Some(&item.imported_from) {
            group = Some(&item.imported_from);
            let from = item.imported_from.as_deref().unwrap_or("exports");
            table.add_row([format!("{}:", shown(from))]);
        }
        table.add_row(row(item));
    }
    for (column, (width, gap)) in table.column_iter_mut().zip(COLUMNS) {
        column.set_padding((0, gap));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    for (n, line) in table.lines().enumerate() {
        writeln!(f, "{}", coloured(&line, n == 0))?;
    }
    if let more @ 1.. = items.len().saturating_sub(MAX_ROWS) {
        writeln!(f, "and {more} more, which --json shows")?;
    }
    Ok(())
}

fn row(item: &InterfaceItem) -> [String; 4] {
    let expected = match &item.expected {
        Some(expected) if item.required || item.imported_from.is_some() => short(expected),
        Some(expected) => format!("{} or nothing", short(expected)),
        None => "nothing".to_owned(),
    };
    let found = item.found.as_deref().map_or_else(|| "nothing".to_owned(), short);
    let ok = if item.fault.is_none() { OK } else { FAULT };
    [format!("  {}", shown(&item.name)), expected, found, ok.to_owned()]
}

/// A type in fewer words, as the column has them: `(i32, i32) -> i32`, `memory`, `global i64`.
fn short(ty: &str) -> String {
    let ty = ty.strip_prefix("a ").unwrap_or(ty);
    shown(ty.strip_prefix("function ").unwrap_or(ty))
}

/// What a module has given to something, with nothing invisible in it.
fn shown(text: &str) -> String {
    let text = visible(text).replace('\t', r"\t");
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// A line of the table, with the word in its last column coloured.
fn coloured(line: &str, is_heading: bool) -> String {
    let last_column = line.len().saturating_sub(FAULT.len());
    let Some((before, word)) = line.split_at_checked(last_column) else {
        return line.to_owned();
    };
    let word = word.trim_end();
    match word {
        _ if is_heading => format!("{HEADING}{before}{word}{HEADING:#}"),
        "" => before.trim_end().to_owned(),
        OK => format!("{before}{GOOD}{word}{GOOD:#}"),
        _ => format!("{before}{BAD}{word}{BAD:#}"),
    }
}
