//! Numbers are served in the bytes in which they were imported; by itself the store prints a whole
//! number without a fraction.

use sixplay_catalogue::{
    Catalogue, Difference, ImportOptions, Input, StoredBody, fields::parts, import,
};
use sixplay_core::{Rendered, Result, Store, conformance::Backend};

use super::{empty, exported, now, viewer};

sixplay_core::on_every_database! {
    numerals_are_served_as_they_were_imported
    numerals_of_an_earlier_import_do_not_stay
    an_edited_number_is_served_in_its_shortest_form
}

/// Numerals as services print them: of whole numbers, of the shortest form, of 17 digits; and some
/// as none prints them.
const NUMERALS: [&str; 16] = [
    "0",
    "1660",
    "179.36",
    "179.36000000000001",
    "544.67999999999995",
    "0.0",
    "1660.0",
    "-0",
    "1.5e2",
    "0.5",
    "9007199254740993",
    "18446744073709551615",
    "12345678901234567890123",
    "0.1234567890123456789012",
    "1e300",
    "4.9e-324",
];

/// A video whose real columns and nested objects hold this numeral.
fn body(numeral: &str) -> String {
    format!(
        r#"{{"id": "clip_1", "code": "a", "type": "vi", "title": "A", "description": "",
            "duration": 60, "images": [], "extra_datas": {{"deep": [{{"er": {numeral}}}]}},
            "tags": [{numeral}], "krux": {{"share": {numeral}}}, "unknown": {{"n": {numeral}}},
            "clips": [{{"id": 1, "video_id": "clip_1", "title": "A", "type": "vi", "assets": [],
                "tc_opening_credits": {numeral}, "tc_ending_credits": {numeral},
                "freewheel": {{"afid": {numeral}}}, "unknown": {numeral},
                "chapters": [{{"id": 1, "title": "A", "tc_in": {numeral}, "tc_out": {numeral},
                    "tc_img": {{"at": {numeral}}}, "images": []}}]}}]}}"#
    )
}

/// Imports a body and returns where it is served differently; what it does not say at all, like a
/// list that is then served empty, is not the point here.
async fn load(store: &Store, text: String) -> Result<Vec<Difference>> {
    let mut options = ImportOptions::default();
    options.at = now();
    let imported = import(store, vec![Input::text("body", text)], &options).await?;
    let mut differences = imported.differences;
    differences.retain(|difference| difference.expected.is_some());
    Ok(differences)
}

/// What the platform of the import is served of the video.
async fn served(store: &Store) -> Result<String> {
    let mut snapshot = store.read().await?;
    let ids = ["clip_1".to_owned()];
    let source = Catalogue::new();
    let rendered = source
        .render_at(&mut snapshot, "video", &ids, now())
        .await?;
    let [Rendered::Publishable(video)] = rendered.as_slice() else {
        panic!("not visible: {rendered:?}")
    };
    let document: Document<'_> = serde_json::from_str(video.document.get()).expect("a document");
    let with = [parts::CLIPS, parts::EXTRA_DATA, parts::TAGS];
    let wire = StoredBody::read(document.body)?.compose(&viewer("m6group_web"), &with)?;
    Ok(String::from_utf8(wire).expect("JSON is UTF-8"))
}

#[derive(serde::Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    body: &'a serde_json::value::RawValue,
}

/// The places of [`body`]'s numeral as the wire shows them.
fn places(numeral: &str) -> [String; 10] {
    [
        format!(r#""deep":[{{"er":{numeral}}}]"#),
        format!(r#""tags":[{numeral}]"#),
        format!(r#""krux":{{"share":{numeral}}}"#),
        format!(r#""unknown":{{"n":{numeral}}}"#),
        format!(r#""tc_opening_credits":{numeral},"#),
        format!(r#""tc_ending_credits":{numeral},"#),
        format!(r#""freewheel":{{"afid":{numeral}}}"#),
        format!(r#""unknown":{numeral},"#),
        format!(r#""tc_in":{numeral},"tc_out":{numeral},"#),
        format!(r#""tc_img":{{"at":{numeral}}}"#),
    ]
}

async fn numerals_are_served_as_they_were_imported(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    for numeral in NUMERALS {
        let differences = load(scratch.store(), body(numeral)).await?;
        assert_eq!(differences, [], "{numeral}");
        let wire = served(scratch.store()).await?;
        for place in places(numeral) {
            assert!(wire.contains(&place), "{place} is not in {wire}");
        }
        assert_eq!(wire.matches("tc_in").count(), 1, "{wire}");
        let other = empty(Backend::Sqlite)
            .await?
            .expect("SQLite is never skipped");
        let lines = Input::text("lines", exported(scratch.store()).await?);
        import(other.store(), vec![lines], &ImportOptions::default()).await?;
        assert_eq!(served(other.store()).await?, wire, "exported and imported");
    }
    Ok(())
}

async fn numerals_of_an_earlier_import_do_not_stay(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    for numeral in ["1660.0", "1660", "null", "1660"] {
        let differences = load(scratch.store(), body(numeral)).await?;
        assert_eq!(differences, [], "{numeral}");
        let wire = served(scratch.store()).await?;
        let chapter = format!(r#""tc_in":{numeral},"tc_out":{numeral},"#);
        assert!(wire.contains(&chapter), "{chapter} is not in {wire}");
    }
    Ok(())
}

async fn an_edited_number_is_served_in_its_shortest_form(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    load(scratch.store(), body("179.36000000000001")).await?;
    let edit = "UPDATE chapters SET tc_in = 12, tc_out = 0.5";
    scratch.run(edit).await?;
    let wire = served(scratch.store()).await?;
    let chapter = r#""tc_in":12,"tc_out":0.5,"#;
    assert!(wire.contains(chapter), "{chapter} is not in {wire}");
    assert!(
        wire.contains(r#""tc_ending_credits":179.36000000000001,"#),
        "{wire}"
    );
    Ok(())
}

#[tokio::test]
async fn another_numeral_of_the_same_number_is_a_difference() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    // a program's videos are counted, not stored: the count prints as a whole number
    let count = r#"{"vi": 1.0, "vc": 0, "playlist": 0}"#;
    let program = format!(r#"{{"id": 1, "code": "a", "title": "A", "count": {count}}}"#);
    let video = r#""duration": 60, "program": {"id": 1, "code": "a", "title": "A"}"#;
    let video = body("0").replace(r#""duration": 60"#, video);
    assert_eq!(load(scratch.store(), video).await?, []);
    let differences = load(scratch.store(), program).await?;
    let [difference] = differences.as_slice() else {
        panic!("one difference: {differences:?}")
    };
    assert_eq!(difference.path, "count.vi");
    assert_eq!(difference.expected.as_deref(), Some("1.0"));
    assert_eq!(difference.found.as_deref(), Some("1"));
    Ok(())
}

#[tokio::test]
async fn a_number_that_no_double_holds_is_refused() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    for numeral in ["1e999", "-1e999"] {
        let error = load(scratch.store(), body(numeral))
            .await
            .expect_err(numeral);
        assert_eq!(error.kind(), sixplay_core::ErrorKind::Invalid, "{error}");
    }
    Ok(())
}
