use super::wire::Reply;
use serde::de::DeserializeOwned;
use std::{str, str::Utf8Error};

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Response {
    reply: Reply,
}

impl Response {
    pub(super) fn new(reply: Reply) -> Self {
        Response { reply }
    }

    /// The number of its status, such as 404.
    pub fn status(&self) -> u16 {
        self.reply.status
    }

    /// What the server said beside that number.
    pub fn status_text(&self) -> &str {
        &self.reply.status_text
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.reply.status)
    }

    /// Whether it comes from elsewhere than it was asked of.
    pub fn is_redirected(&self) -> bool {
        self.reply.redirected
    }

    /// All its headers, in the order in which they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Its body.
    ///
    /// # Errors
    ///
    /// [`BodyError::Missing`] where the host did not pass it on.
    pub fn bytes(&self) -> Result<&[u8], BodyError> {
        self.reply.data.as_deref().ok_or(BodyError::Missing)
    }

    /// Its body, as a value of its own.
    ///
    /// # Errors
    ///
    /// [`BodyError::Missing`] where the host did not pass it on.
    pub fn into_bytes(self) -> Result<Vec<u8>, BodyError> {
        self.reply.data.ok_or(BodyError::Missing)
    }

    /// Its body as text.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is not UTF-8.
    pub fn text(&self) -> Result<&str, BodyError> {
        Ok(str::from_utf8(self.bytes()?)?)
    }

    /// What its body says in JSON.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is no `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, BodyError> {
        serde_json::from_slice(self.bytes()?)
            .map_err(|error| BodyError::NotJson { reason: error.to_string() })
    }
}

/// Why a body is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There is none.
    #[error("the host passed no body on")]
    Missing,
    /// It is no text.
    #[error("the body is not UTF-8")]
    NotUtf8(#[from] Utf8Error),
    /// It is no JSON, or of another type.
    #[error("the body is not the JSON that was expected: {reason}")]
    NotJson {
        /// Where and why.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::{BodyError, Reply, Response};

    fn response(data: Option<&[u8]>) -> Response {
        Response::new(Reply {
            pos: 0,
            data: data.map(<[u8]>::to_vec),
            ok: true,
            redirected: false,
            status: 200,
            status_text: "OK".to_owned(),
            headers: vec![
                ("Set-Cookie".to_owned(), "a".to_owned()),
                ("set-cookie".to_owned(), "b".to_owned()),
            ],
        })
    }

    #[test]
    fn a_header_is_found_in_whatever_case() {
        let response = response(None);
        assert_eq!(response.header("SET-cookie"), Some("a"));
        assert_eq!(response.header("cookie"), None);
        assert_eq!(response.headers().count(), 2);
    }

    #[test]
    fn a_body_is_bytes_text_or_json() {
        let body = response(Some(b"[1, 2]"));
        assert_eq!(body.bytes(), Ok(&b"[1, 2]"[..]));
        assert_eq!(body.text(), Ok("[1, 2]"));
        assert_eq!(body.json::<Vec<u8>>(), Ok(vec![1, 2]));
        assert_eq!(body.into_bytes(), Ok(b"[1, 2]".to_vec()));
    }

    #[test]
    fn a_body_that_is_none_of_that_is_an_error() {
        assert_eq!(response(None).text(), Err(BodyError::Missing));
        assert_eq!(response(None).json::<u8>(), Err(BodyError::Missing));
        assert!(matches!(response(Some(b"\xff")).text(), Err(BodyError::NotUtf8(_))));
        assert!(matches!(response(Some(b"{")).json::<u8>(), Err(BodyError::NotJson { .. })));
    }
}
