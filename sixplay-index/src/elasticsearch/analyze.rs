//! What the servers' analyser makes of a text.

use ::elasticsearch::{http::Method, indices::IndicesAnalyzeParts};
use serde::Deserialize;
use serde_json::json;
use sixplay_core::Result;

use super::{
    Elasticsearch,
    request::{elision_filter, letter_filter, stemmer_filter},
};

impl Elasticsearch {
    /// The words that a French field keeps of `text`.
    pub(super) async fn analyze_text(&self, text: &str) -> Result<Vec<String>> {
        let path = IndicesAnalyzeParts::None.url();
        let call = self.reading("index.analyze", Method::Post, path);
        let body = json!({
            "char_filter": [letter_filter()],
            "tokenizer": "standard",
            "filter": [elision_filter(), "lowercase", stemmer_filter()],
            "text": text,
        });
        let call = call.body(&body);
        let AnalyzeAnswer { tokens } = self.nodes.ask_for(&call).await?;
        Ok(tokens.into_iter().map(|found| found.token).collect())
    }
}

#[derive(Deserialize)]
struct AnalyzeAnswer {
    tokens: Vec<AnalyzedToken>,
}

#[derive(Deserialize)]
struct AnalyzedToken {
    token: String,
}
