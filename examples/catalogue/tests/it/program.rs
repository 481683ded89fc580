//! The program: what it does to a data folder, what it prints, and how it ends.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use sixplay_core::Store;
use tempfile::TempDir;

use super::folder;

/// Runs the program on a data folder until it ends.
fn run(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sixplay-catalogue"));
    command.arg("--data").arg(data).args(args);
    command.output().expect("the program starts")
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

fn errors(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

/// Runs the program, which must succeed, and returns what it printed.
fn printed(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{args:?}: {}",
        errors(&output)
    );
    out(&output).to_owned()
}

fn empty_folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_generated_catalogue_is_exported_and_imported_into_another_store() {
    let (one, two) = (empty_folder(), empty_folder());
    let generated = printed(one.path(), &["generate", "--programs", "2", "--seed", "9"]);
    assert!(generated.starts_with("2 programs and "), "{generated}");
    let lines = printed(one.path(), &["export"]);
    let table = |line: &str| -> Value {
        let line: Value = serde_json::from_str(line).expect("a line is JSON");
        line["table"].clone()
    };
    assert!(lines.lines().any(|line| table(line) == "videos"));

    let file = two.path().join("rows.jsonl");
    std::fs::write(&file, &lines).expect("a file");
    let imported = printed(two.path(), &["import", file.to_str().expect("UTF-8")]);
    let expected = format!("loaded: {}, no differences", lines.lines().count());
    assert!(imported.starts_with(&expected), "{imported}");
    assert_eq!(printed(two.path(), &["export"]), lines);
}

#[test]
fn a_second_catalogue_is_refused_and_the_first_stays() {
    let data = empty_folder();
    printed(data.path(), &["generate", "--programs", "1"]);
    let before = printed(data.path(), &["export"]);
    let again = run(data.path(), &["generate", "--programs", "3"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        errors(&again).contains("generate into an empty one"),
        "{}",
        errors(&again)
    );
    assert_eq!(printed(data.path(), &["export"]), before);
}

#[test]
fn an_export_of_an_empty_store_fails_and_names_the_folder() {
    let data = empty_folder();
    let output = run(data.path(), &["export"]);
    assert_eq!((output.status.code(), out(&output)), (Some(1), ""));
    let errors = errors(&output);
    let folder = data.path().to_str().expect("UTF-8");
    assert!(errors.contains("the store has no catalogue"), "{errors}");
    assert!(errors.contains(folder), "{errors}");
}

#[test]
fn bodies_are_imported_and_differences_are_told_by_file_and_path() {
    let data = empty_folder();
    let bodies = folder("tests/bodies");
    let body = |name: &str| bodies.join(name).to_str().expect("UTF-8").to_owned();
    let (program, clip) = (body("program.json"), body("video_clip.json"));
    let imported = printed(data.path(), &["import", &program, &clip]);
    let count = "count.vi: the body has 2, served is 1\n";
    assert!(imported.contains(count), "{imported}");
    assert!(imported.contains("loaded: 2, differences: "), "{imported}");
    let again = printed(data.path(), &["import", &clip]);
    assert!(again.starts_with("loaded: 1, no differences; "), "{again}");
}

#[test]
fn a_bad_record_is_named_and_nothing_is_loaded() {
    let data = empty_folder();
    let good = json!({"id": "clip_1", "code": "bon", "type": "vi", "title": "Bon",
        "description": "", "duration": 60, "images": [], "clips": []});
    let mut bad = good.clone();
    bad["id"] = json!("clip_2");
    bad["duration"] = json!("une heure");
    let file = data.path().join("liste.json");
    std::fs::write(&file, json!([good, bad]).to_string()).expect("a file");
    let output = run(data.path(), &["import", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(1));
    for part in ["liste.json", "[1].duration", "une heure"] {
        assert!(
            errors(&output).contains(part),
            "{part}: {}",
            errors(&output)
        );
    }
    assert_eq!(
        run(data.path(), &["export"]).status.code(),
        Some(1),
        "it is empty"
    );
}

#[test]
fn a_file_that_is_missing_and_a_word_that_is_unknown_are_refused() {
    let data = empty_folder();
    let output = run(data.path(), &["import", "/nowhere.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("/nowhere.json"),
        "{}",
        errors(&output)
    );
    assert_eq!(run(data.path(), &["import"]).status.code(), Some(2));
    assert_eq!(run(data.path(), &["destroy"]).status.code(), Some(2));
}

#[tokio::test]
async fn an_export_that_leaves_rows_out_goes_on_and_fails_at_the_end() {
    let data = empty_folder();
    printed(data.path(), &["generate", "--programs", "2"]);
    let whole = printed(data.path(), &["export"]);
    let url = format!("sqlite:{}", data.path().join("store.sqlite").display());
    let broken = "UPDATE programs SET title = CAST(x'54E9' AS TEXT) WHERE id = \
                  (SELECT MIN(id) FROM programs)";
    let store = Store::connect(&url).await.expect("connected");
    let mut transaction = store.write().await.expect("a transaction");
    transaction.batch(broken).await.expect("written");
    transaction.commit().await.expect("committed");
    let output = run(data.path(), &["export"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output).lines().count(), whole.lines().count() - 1);
    let errors = errors(&output);
    assert!(errors.contains("column=title"), "{errors}");
    assert!(errors.contains("table=programs"), "{errors}");
    assert!(errors.contains("unreadable=1"), "{errors}");
}
