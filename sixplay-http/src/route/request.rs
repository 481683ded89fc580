//! What a handler is given.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::{domain_user::DomainUser, params::Params};

/// A request that matched a route and passed its checks: parameters are valid, the client may ask,
/// the body is whole.
#[derive(Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) segments: Vec<(String, String)>,
    pub(super) params: Params,
    pub(super) user: Option<DomainUser>,
    pub(super) body: Bytes,
}

impl Request {
    /// The method; `GET` also for a `HEAD` request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as it was asked, still encoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The decoded segment that stands for `{name}` in the template; empty when the template has no
    /// such name.
    pub fn segment(&self, name: &str) -> &str {
        self.segments
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The declared query parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The client; `None` when no [`crate::DomainUserLayer`] is in front of the table.
    pub fn user(&self) -> Option<&DomainUser> {
        self.user.as_ref()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
