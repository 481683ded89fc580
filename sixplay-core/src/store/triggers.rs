//! The triggers that log changes in the writer's own transaction: the one place where the three
//! databases share no syntax.

use std::collections::HashMap;

use super::{Dialect, Transaction, schema::CHANGE};
use crate::{
    Result,
    source::{Column, Source, Table},
};

/// A trigger, the text by which the database shows what it does, and the statements that put it in
/// place.
struct Trigger {
    name: String,
    body: String,
    create: Vec<String>,
}

/// Puts the source's triggers in place; one that is there with the same body stays untouched.
pub(super) async fn install(transaction: &mut Transaction, source: &dyn Source) -> Result<()> {
    let dialect = transaction.dialect();
    let present = present(transaction).await?;
    let mariadb = dialect == Dialect::Mysql && mariadb(transaction).await?;
    for table in source.tables() {
        let triggers = match dialect {
            Dialect::Sqlite => OPERATIONS
                .map(|operation| sqlite(source.name(), table, operation))
                .into(),
            Dialect::Mysql => OPERATIONS
                .map(|operation| mysql(source.name(), table, operation, mariadb))
                .into(),
            Dialect::Postgres => vec![postgres(source.name(), table)],
        };
        for trigger in triggers
            .iter()
            .filter(|trigger| present.get(&trigger.name) != Some(&trigger.body))
        {
            for statement in &trigger.create {
                transaction.batch(statement).await?;
            }
            tracing::debug!(
                trigger = trigger.name,
                table = table.name,
                "installed a trigger"
            );
        }
    }
    Ok(())
}

async fn present(transaction: &mut Transaction) -> Result<HashMap<String, String>> {
    let sql = match transaction.dialect() {
        Dialect::Sqlite => "SELECT name, sql AS body FROM sqlite_master WHERE type = 'trigger'",
        Dialect::Mysql => {
            "SELECT CAST(TRIGGER_NAME AS CHAR) AS name, CAST(ACTION_STATEMENT AS CHAR) AS body FROM information_schema.TRIGGERS \
             WHERE TRIGGER_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(t.tgname AS text) AS name, p.prosrc AS body FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid \
             JOIN pg_class AS c ON c.oid = t.tgrelid \
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relnamespace = CAST(current_schema() AS regnamespace)"
        }
    };
    transaction
        .fetch_sql(sql, Vec::new())
        .await?
        .iter()
        .map(|row| Ok((row.text("name")?, row.text("body")?)))
        .collect()
}

async fn mariadb(transaction: &mut Transaction) -> Result<bool> {
    let rows = transaction
        .fetch_sql("SELECT VERSION() AS version", Vec::new())
        .await?;
    Ok(rows
        .first()
        .map(|row| row.text("version"))
        .transpose()?
        .is_some_and(|version| version.contains("MariaDB")))
}

const OPERATIONS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

fn name(source: &str, table: &Table, operation: &str) -> String {
    format!(
        "sixplay_{source}_{}_{}",
        table.name,
        operation[..1].to_lowercase()
    )
}

/// The insert into the log; `old` and `new` are JSON expressions.
fn log(source: &str, table: &Table, operation: &str, old: &str, new: &str, now: &str) -> String {
    let table = table.name;
    format!(
        "INSERT INTO {CHANGE} (source, source_table, op, old_keys, new_keys, at_us) \
         VALUES ('{source}', '{table}', {operation}, {old}, {new}, {now})"
    )
}

/// The arguments of a JSON object of the logged columns of `row`.
fn pairs(table: &Table, value: impl Fn(Column) -> String) -> String {
    table
        .keys
        .iter()
        .map(|key| format!("'{}', {}", key.name(), value(*key)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn sqlite(source: &str, table: &Table, operation: &str) -> Trigger {
    let name = name(source, table, operation);
    // columns hold values of any type there
    let cast = |row: &str| {
        let value = |key| match key {
            Column::Int(name) => format!("CAST({row}.\"{name}\" AS INTEGER)"),
            Column::Text(name) => format!("CAST({row}.\"{name}\" AS TEXT)"),
        };
        format!("json_object({})", pairs(table, value))
    };
    let (old, new) = sides(operation, cast);
    let log = log(
        source,
        table,
        &format!("'{}'", &operation[..1]),
        &old,
        &new,
        Dialect::Sqlite.now_us(),
    );
    let body = format!(
        "CREATE TRIGGER \"{name}\" AFTER {operation} ON \"{}\" BEGIN {log}; END",
        table.name
    );
    let drop = format!("DROP TRIGGER IF EXISTS \"{name}\"");
    Trigger {
        name,
        create: vec![drop, body.clone()],
        body,
    }
}

fn mysql(source: &str, table: &Table, operation: &str, mariadb: bool) -> Trigger {
    let name = name(source, table, operation);
    let (old, new) = sides(operation, |row| {
        format!(
            "JSON_OBJECT({})",
            pairs(table, |key| format!("{row}.`{}`", key.name()))
        )
    });
    let body = log(
        source,
        table,
        &format!("'{}'", &operation[..1]),
        &old,
        &new,
        Dialect::Mysql.now_us(),
    );
    let rest = format!(
        "`{name}` AFTER {operation} ON `{}` FOR EACH ROW {body}",
        table.name
    );
    let create = if mariadb {
        vec![format!("CREATE OR REPLACE TRIGGER {rest}")]
    } else {
        vec![
            format!("DROP TRIGGER IF EXISTS `{name}`"),
            format!("CREATE TRIGGER {rest}"),
        ]
    };
    Trigger { name, body, create }
}

/// The JSON of the row before and after; what does not exist is null.
fn sides(operation: &str, json: impl Fn(&str) -> String) -> (String, String) {
    let side = |absent, row| {
        if operation == absent {
            "NULL".to_owned()
        } else {
            json(row)
        }
    };
    (side("INSERT", "OLD"), side("DELETE", "NEW"))
}

/// One trigger for the three operations. It runs as its owner, with the owner's search path, so
/// that any writer may fire it.
fn postgres(source: &str, table: &Table) -> Trigger {
    let name = format!("sixplay_{source}_{}", table.name);
    let side = |absent, row| {
        let json = pairs(table, |key| format!("{row}.\"{}\"", key.name()));
        format!("CASE WHEN TG_OP <> '{absent}' THEN CAST(json_build_object({json}) AS text) END")
    };
    let log = log(
        source,
        table,
        "left(TG_OP, 1)",
        &side("INSERT", "OLD"),
        &side("DELETE", "NEW"),
        Dialect::Postgres.now_us(),
    );
    let body = format!("BEGIN {log}; RETURN NULL; END");
    let function = format!(
        "CREATE OR REPLACE FUNCTION \"{name}\"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $sixplay${body}$sixplay$"
    );
    let drop = format!("DROP TRIGGER IF EXISTS \"{name}\" ON \"{}\"", table.name);
    let create = format!(
        "CREATE TRIGGER \"{name}\" AFTER INSERT OR UPDATE OR DELETE ON \"{}\" FOR EACH ROW EXECUTE FUNCTION \"{name}\"()",
        table.name
    );
    Trigger {
        name,
        body,
        create: vec![function, drop, create],
    }
}
