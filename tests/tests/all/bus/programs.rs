use super::{
    BOTH, Run,
    peers::{Echo, Web, mute},
};
use jamsocket_tests::{Certificate, Jamsocket, Package};

#[tokio::test]
async fn programs_sleep_and_give_up_waiting() {
    for whose in BOTH {
        let lines = Run::of(whose, "sleep", "20").lines().await;
        assert_eq!(lines, ["slept", "elapsed", "in time Some(7)"], "{whose}");
    }
}

#[tokio::test]
async fn a_program_of_either_bus_calls_a_service_of_either() {
    let expected = "blocking Ok(42)\nadd 5\ndivide Ok(3) Err(\"7 by 0\")\nlater \
        340282366920938463463374607431768211455\nrefused Some(BadRequest)\nstep 1\nstep 2\nstep 3\n\
        step 4\nstep 5\ntotal 15\n15 + 3!\ncopy 18 + 10\ncopy 28\ndone";
    for (client, service) in BOTH.iter().flat_map(|client| BOTH.map(|service| (client, service))) {
        let run = Run::of(client, "calc-client", "sums");
        let lines = run.with_program("sums", service, "calc-service").lines().await;
        assert_eq!(lines.join("\n"), expected, "{client} calls {service}");
    }
}

#[tokio::test]
async fn ten_thousand_calls_are_under_way_at_once_and_a_callback_is_fed_a_hundred_thousand_times() {
    for service in BOTH {
        let run = Run::of("ours", "storm", "10000 100000");
        let lines = run.with_program("calc", service, "calc-service").lines().await;
        assert_eq!(lines, ["10000 calls answered", "5000050000 of 5000050000"], "{service}");
    }
}

#[tokio::test]
async fn a_call_beyond_the_bound_fails_and_the_others_do_not() {
    let run = Run::of("ours", "storm", "9 1").with_program("calc", "ours", "calc-service");
    let lines = run.with("--bus-calls 9").lines().await;
    assert_eq!(lines, ["9 calls answered", "1 of 1"]);
    let run = Run::of("ours", "storm", "10 1").with_program("calc", "ours", "calc-service");
    let lines = run.with("--bus-calls 9").lines().await;
    assert_eq!(lines, ["failed there is no memory for the message"]);
}

#[tokio::test]
async fn programs_that_wait_for_each_other_do_not_for_ever() {
    let run = Run::of("ours", "calc-client", "calc");
    let run = run.with_program("calc", "ours", "mutual").with_program("other", "ours", "mutual");
    // Those who wait for them are told so, and find them serving then, if not this.
    let lines = run.with("--bus-block-time 50ms").lines().await;
    assert_eq!(lines, ["blocking Err(Aborted)", "failed InvalidTopic"]);
}

#[tokio::test]
async fn a_module_that_is_not_there_or_does_not_serve_is_not_called() {
    for whose in BOTH {
        let output = Run::of(whose, "calc-client", "nobody").output().await;
        assert!(output.stdout.contains("blocking Err(InvalidWapm)"), "{output:?}");
        let run = Run::of(whose, "calc-client", "sleep").with_program("sleep", whose, "sleep");
        let output = run.output().await;
        assert!(output.stdout.contains("blocking Err(IncorrectAbi)"), "{output:?}");
    }
}

#[tokio::test]
async fn programs_make_requests_where_they_may() {
    let web = Web::start(None);
    for whose in BOTH {
        let url = format!("http://{}/", web.addr);
        let run = Run::of(whose, "http", &url).with(&format!("--allow-net http://{}", web.addr));
        let expected = ["get 200", "type text/plain", "body packed hello", "post 201 10 bytes"];
        assert_eq!(run.lines().await, expected, "{whose}");
        let output = Run::of(whose, "http", &url).output().await;
        assert!(output.stdout.starts_with("failed "), "{output:?}");
        assert!(output.stderr.contains(&format!("denied: the URL {url}")), "{output:?}");
    }
}

#[tokio::test]
async fn requests_speak_tls_with_those_whom_the_machine_trusts() {
    let certificate = Certificate::new();
    let (web, files) = (Web::start(Some(&certificate)), certificate.files());
    for whose in BOTH {
        let url = format!("https://localhost:{}", web.addr.port());
        let run = || Run::of(whose, "http", &url).with(&format!("--allow-net {url}"));
        let trusting = run().env("SSL_CERT_FILE", &files.folder().join("cert.pem"));
        assert_eq!(trusting.lines().await[0], "get 200", "{whose}");
        let output = run().output().await;
        assert!(output.stdout.starts_with("failed "), "{output:?}");
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere_where_a_request_may_not_go() {
    let (web, other) = (Web::start(None), Web::start(None));
    let moved = format!("http://{}/moved/http://{}/", web.addr, other.addr);
    let allowed = format!("--allow-net http://{}", web.addr);
    let output = Run::of("ours", "http", &moved).with(&allowed).output().await;
    assert!(output.stdout.starts_with("failed "), "{output:?}");
    let denied = format!("denied: what the URL {moved} leads to");
    assert!(output.stderr.contains(&denied), "{output:?}");
    let both = format!("{allowed} --allow-net http://{}", other.addr);
    assert_eq!(Run::of("ours", "http", &moved).with(&both).lines().await[0], "get 200");
}

#[tokio::test]
async fn a_redirect_to_another_server_takes_no_secrets_along() {
    let (web, other) = (Web::start(None), Web::start(None));
    let both = format!("--allow-net http://{} --allow-net http://{}", web.addr, other.addr);
    let secrets = "authorization:secret cookie:secret x-api-key:secret referer:secret";
    let plain = "accept:text/plain user-agent:me";
    let ask = async |url: String| {
        Run::of("ours", "http", &format!("{url} {secrets} {plain}")).with(&both).lines().await
    };
    let there = format!("http://{}/headers", other.addr);
    let lines = ask(format!("http://{}/moved/{there}", web.addr)).await;
    let host = format!("host: {}", other.addr);
    assert_eq!(lines, ["get 200, redirected true", "accept: text/plain", &host, "user-agent: me"]);
    // The same server had them before.
    let here = format!("http://{}/headers", web.addr);
    let lines = ask(format!("http://{}/moved/{here}", web.addr)).await.join("\n");
    for header in ["authorization: secret", "cookie: secret", "x-api-key: secret"] {
        assert!(lines.contains(header), "{lines}");
    }
}

#[tokio::test]
async fn a_url_with_a_user_is_not_a_redirected_one() {
    let web = Web::start(None);
    let url = format!("http://ann:hunter2@{}/headers", web.addr);
    let run = Run::of("ours", "http", &format!("{url} accept:text/plain"));
    let lines = run.with(&format!("--allow-net http://{}", web.addr)).lines().await;
    assert_eq!(lines[0], "get 200, redirected false");
    assert!(lines.contains(&"authorization: Basic YW5uOmh1bnRlcjI=".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn a_request_is_redirected_ten_times_at_most() {
    let web = Web::start(None);
    let moved = |times: usize| {
        let way = format!("http://{}/moved/", web.addr).repeat(times);
        format!("{way}http://{}/headers accept:text/plain", web.addr)
    };
    let allowed = format!("--allow-net http://{}", web.addr);
    let lines = Run::of("ours", "http", &moved(10)).with(&allowed).lines().await;
    assert_eq!(lines[0], "get 200, redirected true");
    let output = Run::of("ours", "http", &moved(11)).with(&allowed).output().await;
    assert!(output.stdout.starts_with("failed "), "{output:?}");
}

#[tokio::test]
async fn what_was_denied_is_logged_without_secrets() {
    let web = Web::start(None);
    let secret = "ann:hunter2@";
    for (url, shown) in [
        ("http://ann:hunter2@10.0.0.1/a?key=hunter2#hunter2".to_owned(), "http://10.0.0.1/a"),
        (
            format!("http://{secret}{}/moved/http://10.0.0.1/a?key=hunter2", web.addr),
            "leads to, http://10.0.0.1/a",
        ),
    ] {
        let allowed = format!("-v --allow-net http://{}", web.addr);
        let output = Run::of("ours", "http", &url).with(&allowed).output().await;
        let denied = output.stderr.lines().find(|line| line.contains("denied: ")).unwrap();
        assert!(denied.contains(&format!("{shown} program=")), "{denied}");
        assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
    }
    let output = Run::of("ours", "websocket", "ws://ann:hunter2@10.0.0.1/?key=hunter2");
    let output = output.with("-v").output().await;
    assert!(output.stderr.contains("denied: the URL ws://10.0.0.1/"), "{output:?}");
    assert!(!output.stderr.contains("hunter2"), "{}", output.stderr);
}

#[tokio::test]
async fn a_grant_of_a_path_is_not_one_of_what_is_beside_it() {
    let web = Web::start(None);
    let allowed = format!("--allow-net http://{}/headers", web.addr);
    let ask = async |path: &str| {
        let url = format!("http://{}{path} accept:text/plain", web.addr);
        Run::of("ours", "http", &url).with(&allowed).output().await
    };
    assert!(ask("/headers").await.stdout.starts_with("get 200"));
    for path in
        ["/headers/..%2flong", "/headers/..%5clong", "/headers/..;/long", "/headers/%2e%2e/"]
    {
        let output = ask(path).await;
        assert!(output.stderr.contains("denied: the URL"), "{path}: {output:?}");
    }
}

#[tokio::test]
async fn this_machine_is_reached_at_the_port_alone_that_is_named() {
    let web = Web::start(None);
    let url = format!("http://localhost:{}/", web.addr.port());
    let output = Run::of("ours", "http", &url).with("--allow-net *").output().await;
    assert!(output.stdout.starts_with("failed "), "{output:?}");
    assert!(output.stderr.contains("denied: the URL"), "{output:?}");
    let other = format!("--allow-net * --allow-net http://localhost:{}", web.addr.port() ^ 1);
    let output = Run::of("ours", "http", &url).with(&other).output().await;
    assert!(output.stderr.contains("denied: the URL"), "{output:?}");
    let named = Run::of("ours", "http", &url).with(&format!("--allow-net {url}"));
    assert_eq!(named.lines().await[0], "get 200");
}

#[tokio::test]
async fn a_response_is_as_long_as_it_may_be_and_comes_in_time() {
    let web = Web::start(None);
    let allowed = format!("--allow-net http://{}", web.addr);
    let long = format!("http://{}/long", web.addr);
    let output = Run::of("ours", "http", &long).with(&allowed).output().await;
    assert!(output.stdout.contains("error 27 "), "{output:?}");
    let run = Run::of("ours", "http", &long).with(&format!("{allowed} --bus-http-bytes 5MiB"));
    let output = run.with("--bus-message-bytes 6MiB").output().await;
    assert!(output.stdout.starts_with("get 200"), "{:?}", &output.stdout[..20]);

    let (addr, connected) = mute().await;
    let flags = format!("--allow-net http://{addr} --bus-http-time 50ms");
    let output = Run::of("ours", "http", &format!("http://{addr}/")).with(&flags).output().await;
    assert!(output.stdout.contains("error 110 "), "{output:?}");
    connected.await.unwrap();
}

#[tokio::test]
async fn programs_open_websockets_to_other_servers() {
    let echo = Echo::start().await;
    for whose in BOTH {
        let url = format!("ws://{}/", echo.addr);
        let run = Run::of(whose, "websocket", &url).with(&format!("--allow-net {url}"));
        let lines = run.lines().await;
        let expected =
            ["opened", "sent 5", "received hello", "sent 3", "received bye", "then None"];
        assert_eq!(lines, expected, "{whose}");
        let output = Run::of(whose, "websocket", &url).output().await;
        assert!(output.stdout.starts_with("failed "), "{output:?}");
    }
}

#[tokio::test]
async fn programs_run_others_as_far_as_they_may() {
    for whose in BOTH {
        let run = Run::of(whose, "sub-process", "nap 20").with_program("nap", whose, "sleep");
        let output = run.lines().await;
        let code = if whose == "ours" { "code 0" } else { "code Some(0)" };
        assert!(output[0].starts_with("code "), "{output:?} {code}");
        assert_eq!(output[1..4], ["out slept", "elapsed", "in time Some(7)"], "{whose}");
        // One that fails says why, and its exit code is told.
        let run = Run::of(whose, "sub-process", "http").with_program("http", whose, "http");
        let output = run.lines().await.join("\n");
        assert!(output.contains("134") && output.contains("an argument: the URL"), "{output}");
        let output = Run::of(whose, "sub-process", "nap").output().await;
        assert!(output.stdout.starts_with("failed "), "{output:?}");
    }
}

#[tokio::test]
async fn a_program_that_is_killed_ends_at_once_and_says_so() {
    let run = Run::of("ours", "kill", "nap 60000").with_program("nap", "ours", "sleep");
    assert_eq!(run.lines().await, ["running None", "ended with 137"]);
}

#[tokio::test]
async fn a_program_gets_its_input_and_the_host_its_log() {
    let run = Run::of("ours", "pipe", "loud one two").with_program("loud", "ours", "cat");
    let output = run.output().await;
    assert_eq!((output.code, &*output.stdout), (0, "ONE\nTWO\n"), "{output:?}");
    assert!(output.stderr.contains("WARN pipe: ended with 0"), "{output:?}");
    assert!(output.stderr.contains("program=\"pipe.wasm\""), "{output:?}");
}

#[tokio::test]
async fn as_many_programs_run_for_one_as_may_and_they_end_with_it() {
    let run = Run::of("ours", "many", "nap 4 60000").with_program("nap", "ours", "sleep");
    let lines = run.with("--bus-programs 3").lines().await;
    assert_eq!(lines, ["failed there is no memory for the message", "started 3"]);
}

#[tokio::test]
async fn a_program_that_computes_for_too_long_is_stopped() {
    let spins = Package::with_files(&[(
        "spins.wat",
        r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#,
    )]);
    let path = spins.folder().join("spins.wat");
    let run = Run::of("ours", "sub-process", "spins");
    let flags = format!("--program spins={} --program-run-time 50ms", path.display());
    assert_eq!(run.with(&flags).lines().await[0], "code Some(134)");
}

#[tokio::test]
async fn what_is_granted_is_said_in_jamsocket_toml_too() {
    let programs = jamsocket_tests::bus_programs("ours");
    let service = programs.join("calc-service.wasm");
    let config = |granted: &str| {
        let text =
            format!("[programs]\ncalc = '{}'\n[bus]\nprograms = [{granted}]\n", service.display());
        let folder = Package::with_files(&[("jamsocket.toml", &text)]);
        let client = programs.join("calc-client.wasm");
        let run = format!("run --trust-config {}", client.display());
        Jamsocket::new(folder.folder(), &run).run()
    };
    let granted = config("'calc'");
    assert!(granted.stdout.ends_with("done\n"), "{granted:?}");
    let denied = config("");
    assert!(denied.stdout.contains("blocking Err(AccessDenied)"), "{denied:?}");
    assert!(denied.stderr.contains("denied: the program calc"), "{denied:?}");
}

#[test]
fn the_exit_code_is_the_programs_and_what_is_no_program_is_told() {
    let folder = Package::with_files(&[
        (
            "three.wat",
            r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 3))))"#,
        ),
        (
            "trap.wat",
            r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
        ),
        ("room.wat", r#"(module (memory (export "memory") 1))"#),
    ]);
    let run = |program: &str| Jamsocket::new(folder.folder(), &format!("run {program}")).run();
    let output = run("three.wat");
    assert_eq!((output.code, &*output.stderr), (3, ""));
    let output = run("trap.wat");
    assert_eq!(output.code, 1);
    assert!(
        output.stderr.contains("the program trapped: wasm trap: wasm `unreachable`"),
        "{output:?}"
    );
    let output = run("room.wat");
    assert!(output.stderr.contains("it has no `_start`"), "{output:?}");
    assert!(run("nothing.wasm").stderr.contains("cannot read the module `nothing.wasm`"));
}
