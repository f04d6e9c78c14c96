use jamsocket_tests::{Browser, Jamsocket, Package, readme_block};

/// A card of a client in the playground, by its place.
fn client(n: usize, part: &str) -> String {
    format!("[data-testid=client]:nth-of-type({n}) [data-testid={part}]")
}

const OPEN_CLIENTS: &str = "[data-testid=client][data-state=open]";
const TRANSCRIPTS: &str = "[data-testid=transcript]";
const ERRORS: &str = "[data-testid=build-errors]";

async fn send(browser: &Browser, n: usize, text: &str) {
    browser.fill(&client(n, "composer-text"), text).await;
    browser.click(&client(n, "send")).await;
}

#[tokio::test]
async fn the_playground_shows_a_room_through_a_mistake_and_its_mending() {
    let source = readme_block("rust", "SharedCounterServer(i32)");
    let package = Package::service("my-counter", &source);
    let serving = Jamsocket::new(package.folder(), "dev --port 0").serve();
    let browser = Browser::open(1280, 900, false).await;
    // There are no pages of its own.
    browser.go(&format!("http://{}/", serving.addr)).await;
    browser.fill("[data-testid=join-room]", "lobby").await;
    browser.fill("[data-testid=join-count]", "2").await;
    browser.click("[data-testid=join-button]").await;
    browser.see(2, OPEN_CLIENTS, "").await;
    send(&browser, 1, "increment").await;
    browser.see(2, TRANSCRIPTS, "new value: 1").await;

    package.write("src/lib.rs", &source.replace("self.0 += 1", "self.0 += \"one\""));
    browser.see(1, "[data-testid=build-state][data-state=failed]", "").await;
    browser.see(1, ERRORS, "cannot add-assign `&str` to `i32`").await;
    send(&browser, 2, "increment").await;
    browser.see(2, TRANSCRIPTS, "new value: 2").await;

    package.write("src/lib.rs", &source.replace("self.0 += 1", "self.0 += 10"));
    browser.see(1, "[data-testid=build-state][data-state=running]", "").await;
    browser.see(0, ERRORS, "cannot add-assign").await;
    send(&browser, 1, "increment").await;
    browser.see(2, TRANSCRIPTS, "new value: 10").await;
    browser.see(2, OPEN_CLIENTS, "").await;
    assert!(!browser.texts(TRANSCRIPTS).await.concat().contains("closed"));
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    if let Some(folder) = std::env::var_os("JAMSOCKET_PICTURES") {
        let picture = std::path::Path::new(&folder).join("playground.png");
        std::fs::write(picture, browser.picture().await).unwrap();
    }
    browser.close().await;
    serving.stop().await;
}
