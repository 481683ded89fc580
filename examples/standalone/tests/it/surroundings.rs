//! Where the program runs: other people's variables, and folders of any name.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStringExt,
    path::Path,
    process::Command,
};

use tempfile::TempDir;

use crate::line::{Program, command};

const STANDALONE: &str = "sixplay-standalone";

/// `caf\xe9`, as latin-1 has it.
fn no_utf8() -> OsString {
    OsString::from_vec(b"caf\xe9".to_vec())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The smallest work on the store below `data`.
fn generate(data: &Path) -> Command {
    let mut command = command(STANDALONE);
    command.args(["catalogue", "generate", "--programs", "1", "--data"]);
    command.arg(data);
    command
}

fn server(data: &Path) -> Command {
    let mut command = command(STANDALONE);
    command
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data);
    command
}

/// The exit code, and all that was printed, into a file of `folder`.
fn run(folder: &Path, command: Command) -> (Option<i32>, String) {
    let mut program = Program::spawn(STANDALONE, command, &folder.join("log"));
    let code = program.wait(120);
    (code, program.output())
}

#[test]
fn a_data_folder_is_taken_as_it_is_written() {
    let folder = folder();
    let decoy = folder.path().join("cent vingt");
    std::fs::create_dir(&decoy).expect("a folder");
    for name in [
        "cent%20vingt",
        "q?mode=ro",
        "a#b",
        "l'été 1",
        ":memory:",
        "-x",
    ] {
        let data = folder.path().join(name);
        let (code, output) = run(folder.path(), generate(&data));
        assert_eq!(code, Some(0), "{name}: {output}");
        let log = data.join("log");
        let mut program = Program::spawn(STANDALONE, server(&data), &log);
        program.addr();
        assert_eq!(program.stop(60), Some(0), "{name}: {}", program.output());
        for file in ["store.sqlite", "queue.sqlite", "index.sqlite", "users"] {
            assert!(data.join(file).exists(), "{name}: {file}");
        }
    }
    let entries = std::fs::read_dir(decoy).expect("the folder").count();
    assert_eq!(entries, 0, "nothing was decoded");
}

#[test]
fn a_data_folder_that_is_no_utf8_is_refused_by_name() {
    let folder = folder();
    let data = folder.path().join(no_utf8());
    let (code, output) = run(folder.path(), generate(&data));
    assert_eq!(code, Some(2), "{output}");
    assert!(
        output.contains("UTF-8") && output.contains("caf\u{fffd}/store.sqlite"),
        "{output}"
    );
    let decoded = folder.path().join(no_utf8().to_string_lossy().as_ref());
    assert!(!decoded.exists(), "another folder was made");
}

#[test]
fn a_program_starts_in_a_folder_that_is_no_utf8() {
    let folder = folder();
    let place = folder.path().join(no_utf8());
    std::fs::create_dir(&place).expect("a folder");
    let config = place.join(no_utf8());
    std::fs::write(&config, "data: data\n").expect("a file");
    let mut command = command(STANDALONE);
    command
        .args(["catalogue", "generate", "--programs", "1", "--config"])
        .arg(config);
    command
        .current_dir(&place)
        .env("PWD", &place)
        .env("OTHER", no_utf8());
    let (code, output) = run(folder.path(), command);
    assert_eq!(code, Some(0), "{output}");
    assert!(place.join("data/store.sqlite").is_file(), "{output}");
}

fn generate_with(name: &str, value: impl AsRef<OsStr>) -> (Option<i32>, String) {
    let folder = folder();
    let mut command = generate(&folder.path().join("data"));
    command.env(name, value);
    run(folder.path(), command)
}

#[test]
fn a_service_called_like_the_program_changes_nothing() {
    for (name, value) in [
        ("SIXPLAY_PORT", "tcp://10.96.0.7:80"),
        ("SIXPLAY_API_SERVICE_HOST", "10.96.0.7"),
    ] {
        let (code, output) = generate_with(name, value);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("WARN") && output.contains(name), "{output}");
    }
    let (code, output) = generate_with("SIXPLAY_PORT", "8080");
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("SIXPLAY_PORT"), "{output}");
}

#[test]
fn a_variable_of_the_program_that_is_no_utf8_is_refused_by_name() {
    for name in ["SIXPLAY_DATA", "SIXPLAY_LOG"] {
        let (code, output) = generate_with(name, no_utf8());
        assert_eq!(code, Some(2), "{output}");
        assert!(
            output.contains(name) && output.contains("UTF-8"),
            "{output}"
        );
    }
}
