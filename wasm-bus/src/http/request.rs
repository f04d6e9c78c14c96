use super::{
    Response,
    wire::{Options, ReqwestClient},
};
use crate::{CallError, OS};
use serde::Serialize;

/// A request that can be added to, and is then sent.
#[derive(Debug, Clone)]
#[must_use = "a request is made when it is sent"]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    options: Options,
}

/// A request by `GET`.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A request by `HEAD`.
pub fn head(url: impl Into<String>) -> Request {
    Request::new("HEAD", url)
}

/// A request by `POST`.
pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// A request by `PUT`.
pub fn put(url: impl Into<String>) -> Request {
    Request::new("PUT", url)
}

/// A request by `PATCH`.
pub fn patch(url: impl Into<String>) -> Request {
    Request::new("PATCH", url)
}

/// A request by `DELETE`.
pub fn delete(url: impl Into<String>) -> Request {
    Request::new("DELETE", url)
}

impl Request {
    /// A request by any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            options: Options::default(),
        }
    }

    /// Adds a header. One of the same name stays.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds the header that shows a bearer's token.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends these bytes with the request.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends a value as JSON, and says so in a header.
    ///
    /// # Errors
    ///
    /// [`CallError::SerializationFailed`] where JSON has no way to write the value.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, CallError> {
        let body = crate::SerializationFormat::Json.encode(value)?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Has the host ask for a compressed answer, and unpack it.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.options.gzip = gzip;
        self
    }

    /// Makes the request, and waits for the whole of its answer. An answer with the status of an
    /// error is an answer.
    ///
    /// # Errors
    ///
    /// Where there is no answer.
    pub async fn send(self) -> Result<Response, SendError> {
        let Request { method, url, headers, body, options } = self;
        match ReqwestClient::new(OS).make(url, method, options, headers, body).await? {
            Ok(reply) => Ok(Response::new(reply)),
            Err(errno) => Err(SendError::Failed { errno }),
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The host did not take it.
    #[error("the host did not make the request")]
    Call(#[from] CallError),
    /// The host made it, and it failed on the way.
    #[error("the request failed with error {errno} of the host's system")]
    Failed {
        /// The number of the error, as Linux has them.
        errno: i32,
    },
}

#[cfg(test)]
mod tests {
    use super::{Request, SendError, get, post};
    use crate::{
        host::loopback::LoopbackHost,
        http::wire::{Options, Reply, ReqwestService, ReqwestSimplified},
        prelude::{CallError, async_trait},
        round_trips::tell,
        task::block_on,
    };
    use std::sync::Arc;

    /// Tells what it was asked for; there is nothing at `http://bad/`.
    #[derive(Debug)]
    struct Web;

    #[async_trait]
    impl ReqwestSimplified for Web {
        async fn make(
            &self,
            url: String,
            method: String,
            options: Options,
            headers: Vec<(String, String)>,
            body: Option<Vec<u8>>,
        ) -> Result<Reply, i32> {
            if url == "http://bad/" {
                return Err(5);
            }
            let asked = format!("{method} {url} {} {headers:?} {body:?}", options.gzip);
            Ok(Reply {
                pos: 0,
                data: Some(asked.into_bytes()),
                ok: false,
                redirected: true,
                status: 404,
                status_text: "Not Found".to_owned(),
                headers,
            })
        }
    }

    #[test]
    fn a_request_is_made_as_it_was_said() {
        let host = LoopbackHost::install();
        ReqwestService::listen(Arc::new(Web));
        let response = tell(&host, async {
            let request = post("http://a/").gzip(true).bearer_auth("t").json(&[1]).unwrap();
            request.send().await.unwrap()
        });
        assert_eq!(
            response.text(),
            Ok("POST http://a/ true [(\"authorization\", \"Bearer t\"), \
                (\"content-type\", \"application/json\")] Some([91, 49, 93])")
        );
        assert_eq!((response.status(), response.status_text()), (404, "Not Found"));
        assert!(!response.is_success() && response.is_redirected());
        let plain = tell(&host, Request::new("TRACE", "http://b/").send()).unwrap();
        assert_eq!(plain.text(), Ok("TRACE http://b/ false [] None"));
    }

    #[test]
    fn a_request_that_fails_says_on_which_side() {
        assert_eq!(
            block_on(get("http://a/").send()).err(),
            Some(SendError::Call(CallError::Unsupported))
        );
        let host = LoopbackHost::install();
        ReqwestService::listen(Arc::new(Web));
        let failed = tell(&host, get("http://bad/").send()).err();
        assert_eq!(failed, Some(SendError::Failed { errno: 5 }));
    }
}
