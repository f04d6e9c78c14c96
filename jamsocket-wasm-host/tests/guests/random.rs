use crate::stranger::{Factory, engine, live};
use random_modules::MODULES;

/// The same modules each time; the fuzzers try others.
#[tokio::test]
async fn no_random_module_hurts_its_host() {
    let engine = engine();
    let mut came_to = [0; 4];
    for module in MODULES {
        came_to[live(&engine, module).await as usize] += 1;
    }
    // Few are refused at once, and many have a room: it is worth the while.
    let [refused, _, started, ended] = came_to;
    assert!(refused < 100 && started + ended > 30, "{came_to:?}");
}

#[tokio::test]
async fn no_module_with_a_wrong_byte_hurts_its_host() {
    let engine = engine();
    let shortest = MODULES.iter().min_by_key(|module| module.len()).unwrap();
    let mut bytes = shortest.to_vec();
    for at in (0..bytes.len()).step_by(bytes.len() / 100) {
        let right = bytes[at];
        for wrong in [right ^ 1, right ^ 0x80] {
            bytes[at] = wrong;
            live(&engine, &bytes).await;
        }
        bytes[at] = right;
    }
}

#[test]
fn a_module_that_is_cut_off_is_refused_wherever_the_cut_is() {
    let engine = engine();
    let shortest = MODULES.iter().min_by_key(|module| module.len()).unwrap();
    for len in 0..shortest.len() {
        let cut = Factory::from_bytes_in(&engine, &shortest[..len]);
        assert!(cut.is_err(), "{len} of {} bytes", shortest.len());
    }
}
