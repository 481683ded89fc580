//! The programs themselves, as processes: what a newcomer, an editor, a client and an operator see.
//!
//! They are built before (`cargo build --workspace --all-features`; `dev/test` does it) and found
//! beside `standalone`.

mod audit;
mod client;
mod line;

mod faults;
mod point_1_newcomer;
mod point_2_edit_and_see;
mod point_3_middleware;
mod point_4_real_input;
mod point_5_six_shells;
mod point_6_rebuild;
mod point_7_any_model;
mod point_8_sub_domains;
