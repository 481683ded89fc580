//! Domain users: each client of the servers has a sub-domain and a file that says what it may do,
//! how long it may cache, and what it sees.

mod file;
mod layer;
mod names;
mod user;
mod users;

pub use layer::{DomainUserLayer, DomainUserService};
pub use names::ClientName;
pub use user::DomainUser;
pub use users::Users;
