use jamsocket_tests::{Browser, Client, Jamsocket, Serving, workspace_root};

/// Serves an example, and opens its page, light on a desk and dark on a phone.
async fn open(example: &str, on_a_phone: bool) -> (Serving, Browser) {
    let arguments = format!("dev --no-watch --port 0 examples/{example}");
    let serving = Jamsocket::new(&workspace_root(), &arguments).serve();
    let (width, height) = if on_a_phone { (375, 667) } else { (1280, 800) };
    let browser = Browser::open(width, height, on_a_phone).await;
    browser.go(&format!("http://{}/#tea%20room", serving.addr)).await;
    browser.see(1, "h1", "Room tea room").await;
    browser.see(0, "button:disabled", "").await;
    (serving, browser)
}

/// Someone else in the page's room.
async fn join(serving: &Serving) -> Client {
    Client::join(serving.addr, "/ws/tea%20room").await
}

/// Nothing was wrong, nothing is wider than the window, and when the server goes the page says so.
async fn assert_fine_to_its_end(serving: Serving, browser: Browser) {
    assert_eq!(browser.complaints().await, [] as [&str; 0]);
    let too_wide = browser.run("return document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(too_wide, false);
    serving.stop().await;
    browser.see(1, "#state", "Trying again in ").await;
    let usable = browser.run("return document.querySelectorAll('button:enabled').length").await;
    assert_eq!(usable, 0);
    browser.close().await;
}

#[tokio::test]
async fn a_counter_shows_what_others_count_and_counts() {
    let (serving, browser) = open("counter-web", true).await;
    let mut ann = join(&serving).await;
    assert_eq!(ann.hear().await, "0");
    ann.say("increment").await;
    browser.see(1, "output", "1").await;
    browser.click("[data-send=increment]").await;
    assert_eq!((ann.hear().await, ann.hear().await), ("1".into(), "2".into()));
    browser.see(1, "output", "2").await;
    ann.leave().await;
    assert_fine_to_its_end(serving, browser).await;
}

#[tokio::test]
async fn a_chat_shows_what_is_said_as_it_is_and_says_what_is_typed() {
    let (serving, browser) = open("chat", false).await;
    let mut ann = join(&serving).await;
    assert_eq!(ann.hear().await, "you are guest2; /nick NAME changes that");
    ann.say("hello <b>you</b>").await;
    browser.see(1, "#lines p", "guest2: hello <b>you</b>").await;
    browser.fill("input", "hello <i>ann</i>").await;
    browser.click("button").await;
    assert_eq!(ann.hear().await, "guest2: hello <b>you</b>");
    assert_eq!(ann.hear().await, "guest1: hello <i>ann</i>");
    ann.leave().await;
    browser.see(1, "#lines .news", "guest2 has left").await;
    assert_fine_to_its_end(serving, browser).await;
}

#[tokio::test]
async fn an_echo_shows_what_comes_back_and_as_what() {
    let (serving, browser) = open("echo", true).await;
    browser.fill("input", "Tee?").await;
    browser.click("[value=text]").await;
    browser.see(1, "#echo", "Tee?").await;
    browser.see(1, "#about", "text, back after ").await;
    browser.click("[value=bytes]").await;
    browser.see(1, "#echo", "84 101 101 63").await;
    browser.see(1, "#about", "bytes, back after ").await;
    assert_fine_to_its_end(serving, browser).await;
}

#[tokio::test]
async fn cursors_and_lines_of_others_are_seen_and_ones_own_are_sent() {
    let (serving, browser) = open("cursors", true).await;
    browser.see(1, "#state", "You are Owl 1").await;
    browser.see(1, "#sheet.blank", "").await;
    let mut ann = join(&serving).await;
    assert_eq!(ann.hear_binary().await, [0, 0, 0, 2, 1]);
    // From a quarter of the way to the middle, of the sheet's width and of its height.
    ann.say_binary(&[1, 5, 2, 0x40, 0, 0x40, 0, 0x80, 0, 0x80, 0]).await;
    browser.see(1, "#sheet:not(.blank) [data-name='Bee 2']", "").await;
    let ink_at = async |part: &str| {
        let script = format!(
            "const at = canvas.width * {part}; return pen.getImageData(at, at, 1, 1).data[3]"
        );
        browser.run(&script).await
    };
    assert_eq!((ink_at(".4").await, ink_at(".6").await), (255.into(), 0.into()));
    ann.say_binary(&[3]).await;
    browser.see(0, "#sheet div", "").await;

    browser.click("canvas").await;
    let dot = loop {
        let message = ann.hear_binary().await;
        assert_eq!(message[..4], [0, 0, 0, 1]);
        // Its pointer comes there first.
        if message[4] == 1 {
            break message;
        }
    };
    // Of its own colour, a line of one point, which is in the middle of the sheet.
    assert_eq!((dot.len(), dot[5], dot[6]), (11, 2, 1), "{dot:?}");
    assert!((0x7e..=0x81).contains(&dot[7]) && (0x7e..=0x81).contains(&dot[9]), "{dot:?}");

    browser.click("button").await;
    assert_eq!(browser.run("return lines.length").await, 0);
    let left = loop {
        let message = ann.hear_binary().await;
        if message[4] == 2 {
            break join(&serving).await.hear_binary().await;
        }
    };
    assert_eq!(left, [0, 0, 0, 3, 1]);
    // More of the pointer may come, which nobody waits for.
    drop(ann);
    assert_fine_to_its_end(serving, browser).await;
}
