//! The programs themselves, as processes: what a newcomer, an editor, a client and an operator see.
//!
//! They are built before (`cargo build --workspace --all-features`; `dev/test` does it) and found
//! beside `sixplay-standalone`.

mod audit;
mod client;
mod line;

mod bad_rows;
mod edit_and_see;
mod faults;
mod newcomer;
mod page;
mod programs;
mod real_input;
mod rebuild;
mod refused_writes;
mod second_model;
mod shared_cache;
mod sub_domains;
mod surroundings;
mod two_starts;
mod whole_catalogue;
