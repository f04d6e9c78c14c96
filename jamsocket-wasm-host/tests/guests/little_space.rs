use std::{env, process::Command};

/// What is run again: what guests may do to their memory, and what is told of them.
const AGAIN: [&str; 7] = [
    "limits::",
    "loading::a_memory_",
    "pointers::",
    "report::a_memory_",
    "report::what_is_wrong_",
    "total_memory::",
    "traps::",
];

/// It takes all the space that there is, for 10,000 rooms.
const NOT_AGAIN: &str = "the_engine_of_the_process_is_always_the_same";

#[test]
fn with_little_address_space_the_same_holds() {
    // 4 rooms would take 16 GiB, as each has with more.
    let again = Command::new("sh")
        .args(["-c", "ulimit -v 12582912 && exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--test-threads", "1", "--skip", NOT_AGAIN])
        .args(AGAIN)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success(), "{said}");
    let passed = said.lines().find_map(|line| line.strip_prefix("test result: ok. "));
    let passed: u32 = passed.and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    assert!(passed > 40, "{said}");
}
