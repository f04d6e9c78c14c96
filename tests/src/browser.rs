use crate::{PATIENCE, process::holds_within, until};
use fantoccini::{
    Client, ClientBuilder, Locator,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use url::{ParseError, Url};

/// What a browser is started with: without a window, and with nothing that it does on its own.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
];

/// A real Chromium with one page. Every wait of it is bounded.
#[derive(Debug)]
pub struct Browser {
    page: Client,
    driver: Driver,
}

/// The program that drives the browser, which ends with it.
#[derive(Debug)]
struct Driver {
    process: Child,
    profile: TempDir,
}

impl Browser {
    /// Opens a browser with a page of this size, in CSS pixels, light or dark.
    ///
    /// # Panics
    ///
    /// There is no Chromium here: `scripts/chromium.sh` has it installed.
    pub async fn open(width: u32, height: u32, dark: bool) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed");
        let stdout = process.stdout.take().expect("it is piped");
        let driver = Driver { process, profile };
        let port = tokio::task::spawn_blocking(|| {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            let port =
                |line: String| line.split_once("successfully on port ").map(|(_, p)| p.to_owned());
            lines.find_map(port).expect("it says where it listens")
        });
        let port = crate::soon("the browser's driver", port).await.unwrap();
        let mut args: Vec<String> = FLAGS.map(str::to_owned).into();
        args.push(format!("--user-data-dir={}", driver.profile.path().display()));
        args.push(format!("--window-size={width},{height}"));
        if dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut wanted = Capabilities::new();
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": args }));
        wanted.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wanted);
        let address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        let page = crate::soon("a browser", builder.connect(&address)).await.unwrap();
        Self { page, driver }
    }

    /// Goes to a page.
    pub async fn go(&self, url: &str) {
        crate::soon("a page", self.page.goto(url)).await.unwrap();
    }

    /// Presses what this selector finds first.
    pub async fn click(&self, selector: &str) {
        self.element(selector).await.click().await.unwrap();
    }

    /// Writes into what this selector finds first, in the place of what is there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.element(selector).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// What the page shows of all that this selector finds, a string each.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let script =
            format!("return [...document.querySelectorAll({selector:?})].map((e) => e.innerText)");
        serde_json::from_value(self.run(&script).await).unwrap()
    }

    /// Waits until so many are found by this selector, each with `text` in what it shows.
    ///
    /// # Panics
    ///
    /// There are not in time.
    pub async fn see(&self, count: usize, selector: &str, text: &str) {
        let mut seen = Vec::new();
        // It may be a build that brings it.
        let is_seen = holds_within(4 * PATIENCE, async || {
            seen = self.texts(selector).await;
            seen.iter().filter(|shown| shown.contains(text)).count() == count
        });
        let is_seen = is_seen.await;
        assert!(is_seen, "{selector} shows {seen:#?}, and not `{text}` {count} times");
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        crate::soon("a script", self.page.execute(script, Vec::new())).await.unwrap()
    }

    /// The page as it looks, in PNG.
    pub async fn picture(&self) -> Vec<u8> {
        crate::soon("a picture", self.page.screenshot()).await.unwrap()
    }

    /// What the browser has complained about on its console since it was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let log = crate::soon("the console", self.page.issue_cmd(ConsoleLog)).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Closes the browser.
    pub async fn close(mut self) {
        crate::soon("the browser's end", self.page.close()).await.unwrap();
        // It is a group of its own.
        self.driver.end();
        until("the driver's end", async || self.driver.process.try_wait().unwrap().is_some()).await;
    }

    async fn element(&self, selector: &str) -> fantoccini::elements::Element {
        let wait = self.page.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!("there is no {selector}: {error}"),
        }
    }
}

impl Driver {
    fn end(&self) {
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-s", "TERM", "--", &group]).status();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A test that failed leaves no browser behind either.
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.end();
            let _ = self.process.wait();
        }
    }
}

/// Chromium's own command for what is on the console.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
