//! What the embedded index makes of a text.

use async_trait::async_trait;
use sixplay_core::Result;

use super::{Embedded, analysis};
use crate::conformance::Analyze;

#[async_trait]
impl Analyze for Embedded {
    async fn analyze(&self, text: &str) -> Result<Vec<String>> {
        Ok(analysis::analyze_french(text))
    }
}
