//! How a suite of cases is declared once and run by every backend, and a test once for every
//! database.

/// Declares the cases of a suite, plain async functions of private modules, once.
///
/// It writes `run_case(name, subject)`, and a macro `$tests` that expands to one test a case: the
/// macro takes the path of an async function that makes the backend's subject and hands it with the
/// case's name to `run_case`. A function of the modules that is not declared is dead code, which
/// the suite's module denies: it cannot be forgotten.
///
/// ```
/// #[deny(dead_code)]
/// mod suite {
///     mod numbers {
///         pub(super) async fn are_positive(number: &i64) -> sixplay_core::Result<()> {
///             assert!(*number > 0);
///             Ok(())
///         }
///     }
///     sixplay_core::conformance_suite! { ($) number_conformance(&i64): numbers::are_positive }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// suite::run_case("are_positive", &7).await
/// # }
/// ```
#[macro_export]
macro_rules! conformance_suite {
    (($d:tt) $tests:ident($subject:ty): $($module:ident::$case:ident),+ $(,)?) => {
        /// Runs the case of that name; a broken expectation panics.
        ///
        /// # Errors
        /// The backend's; `Timeout` when the case hangs; `NotFound` without such a case.
        pub async fn run_case(name: &str, subject: $subject) -> $crate::Result<()> {
            let limit = ::std::time::Duration::from_secs(60);
            match name {
                $(stringify!($case) => {
                    let case = Box::pin($module::$case(subject));
                    $crate::retry::deadline(stringify!($case), limit, case).await
                })+
                _ => Err($crate::Error::not_found("conformance.run", "there is no such case")),
            }
        }

        /// One test for each case: the argument is the path of an async function that takes the
        /// case's name.
        #[macro_export]
        macro_rules! $tests {
            ($d run:path) => {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() -> sixplay_core::Result<()> {
                    $d run(stringify!($case)).await
                }
            )+};
        }
    };
}

/// Writes one test for each database from each function that takes a [`Backend`] and returns
/// `sixplay_core::Result<()>`, in the modules `sqlite`, `mariadb` and `postgres`.
///
/// ```
/// use sixplay_core::{Result, conformance::{Backend, scratch, tiny}};
///
/// sixplay_core::on_every_database! { a_tiny_source_is_installed }
///
/// async fn a_tiny_source_is_installed(backend: Backend) -> Result<()> {
///     let Some(scratch) = scratch(backend).await? else { return Ok(()) };
///     tiny::install(scratch.store()).await?;
///     assert_eq!(scratch.store().discard_changes("tiny").await?, 0);
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> { a_tiny_source_is_installed(Backend::Sqlite).await }
/// ```
///
/// [`Backend`]: crate::conformance::Backend
#[macro_export]
macro_rules! on_every_database {
    ($($name:ident)*) => {
        $crate::on_every_database!(@ sqlite Sqlite $($name)*);
        $crate::on_every_database!(@ mariadb Mariadb $($name)*);
        $crate::on_every_database!(@ postgres Postgres $($name)*);
    };
    (@ $database:ident $backend:ident $($name:ident)*) => {
        mod $database {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> $crate::Result<()> {
                super::$name($crate::conformance::Backend::$backend).await
            })*
        }
    };
}
