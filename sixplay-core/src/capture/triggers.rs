//! The triggers that log changes in the writer's own transaction: the one place where the three
//! databases share no syntax.

use std::collections::HashMap;

use super::{
    source::{CapturedTable, KeyColumn, Source},
    tables::CHANGE,
};
use crate::{
    Result,
    store::{Dialect, Snapshot, Transaction},
};

/// A trigger, the text by which the database shows what it does, and the statements that put it in
/// place.
struct Trigger {
    name: String,
    body: String,
    create: Vec<String>,
}

const OPERATIONS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

/// Puts the source's triggers in place; one that is there with the same body stays untouched.
pub(super) async fn install(transaction: &mut Transaction, source: &dyn Source) -> Result<()> {
    let present = present_bodies(transaction).await?;
    let dialect = TriggerDialect::of(transaction).await?;
    for table in source.tables() {
        let triggers = triggers_of(dialect, source.name(), table);
        let is_missing = |trigger: &&Trigger| present.get(&trigger.name) != Some(&trigger.body);
        for trigger in triggers.iter().filter(is_missing) {
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

/// MariaDB can replace a trigger in one statement, MySQL cannot.
#[derive(Clone, Copy)]
enum TriggerDialect {
    Sqlite,
    Mysql,
    Mariadb,
    Postgres,
}

impl TriggerDialect {
    async fn of(snapshot: &mut Snapshot) -> Result<Self> {
        match snapshot.dialect() {
            Dialect::Sqlite => return Ok(Self::Sqlite),
            Dialect::Postgres => return Ok(Self::Postgres),
            Dialect::Mysql => {}
        }
        let rows = snapshot
            .fetch_sql("SELECT VERSION() AS version", Vec::new())
            .await?;
        let version = rows.first().map(|row| row.text("version")).transpose()?;
        let mariadb = version.is_some_and(|version| version.contains("MariaDB"));
        Ok(if mariadb { Self::Mariadb } else { Self::Mysql })
    }
}

fn triggers_of(dialect: TriggerDialect, source: &str, table: &CapturedTable) -> Vec<Trigger> {
    let each = |make: fn(&str, &CapturedTable, &str) -> Trigger| {
        OPERATIONS
            .iter()
            .map(|operation| make(source, table, operation))
            .collect()
    };
    match dialect {
        TriggerDialect::Sqlite => each(sqlite_trigger),
        TriggerDialect::Mysql => each(mysql_trigger),
        TriggerDialect::Mariadb => each(mariadb_trigger),
        TriggerDialect::Postgres => vec![postgres_trigger(source, table)],
    }
}

/// The bodies of the triggers that the database has, by name.
async fn present_bodies(snapshot: &mut Snapshot) -> Result<HashMap<String, String>> {
    let sql = match snapshot.dialect() {
        Dialect::Sqlite => "SELECT name, sql AS body FROM sqlite_master WHERE type = 'trigger'",
        Dialect::Mysql => {
            "SELECT CAST(TRIGGER_NAME AS CHAR) AS name, CAST(ACTION_STATEMENT AS CHAR) AS body \
             FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT CAST(t.tgname AS text) AS name, p.prosrc AS body \
             FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid \
             JOIN pg_class AS c ON c.oid = t.tgrelid \
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' \
             AND c.relnamespace = CAST(current_schema() AS regnamespace)"
        }
    };
    let rows = snapshot.fetch_sql(sql, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok((row.text("name")?, row.text("body")?)))
        .collect()
}

fn trigger_name(source: &str, table: &CapturedTable, operation: &str) -> String {
    format!(
        "sixplay_{source}_{}_{}",
        table.name,
        operation[..1].to_lowercase()
    )
}

/// The insert into the log; `operation`, `old` and `new` are expressions, the latter two of JSON.
fn log_insert(
    source: &str,
    table: &CapturedTable,
    operation: &str,
    [old, new]: [String; 2],
    dialect: Dialect,
) -> String {
    let (table, now) = (table.name, dialect.now_us());
    format!(
        "INSERT INTO {CHANGE} (source, source_table, op, old_keys, new_keys, at_us) \
         VALUES ('{source}', '{table}', {operation}, {old}, {new}, {now})"
    )
}

/// The arguments of a JSON object of the logged columns.
fn json_pairs(table: &CapturedTable, value: impl Fn(KeyColumn) -> String) -> String {
    let pair = |key: &KeyColumn| format!("'{}', {}", key.name(), value(*key));
    table.keys.iter().map(pair).collect::<Vec<_>>().join(", ")
}

/// The JSON of the row before and after an operation; what does not exist is null.
fn json_sides(operation: &str, json: impl Fn(&str) -> String) -> [String; 2] {
    [("INSERT", "OLD"), ("DELETE", "NEW")].map(|(absent, row)| {
        if operation == absent {
            "NULL".to_owned()
        } else {
            json(row)
        }
    })
}

fn sqlite_trigger(source: &str, table: &CapturedTable, operation: &str) -> Trigger {
    let name = trigger_name(source, table, operation);
    // columns hold values of any type there
    let cast = |row: &str| {
        let value = |key| match key {
            KeyColumn::Int(name) => format!("CAST({row}.\"{name}\" AS INTEGER)"),
            KeyColumn::Text(name) => format!("CAST({row}.\"{name}\" AS TEXT)"),
        };
        format!("json_object({})", json_pairs(table, value))
    };
    let letter = format!("'{}'", &operation[..1]);
    let log = log_insert(
        source,
        table,
        &letter,
        json_sides(operation, cast),
        Dialect::Sqlite,
    );
    let on = format!("AFTER {operation} ON \"{}\"", table.name);
    let body = format!("CREATE TRIGGER \"{name}\" {on} BEGIN {log}; END");
    let drop = format!("DROP TRIGGER IF EXISTS \"{name}\"");
    Trigger {
        name,
        create: vec![drop, body.clone()],
        body,
    }
}

fn mysql_trigger(source: &str, table: &CapturedTable, operation: &str) -> Trigger {
    let trigger = mariadb_trigger(source, table, operation);
    let create = trigger
        .create
        .iter()
        .map(|create| create.replacen(" OR REPLACE", "", 1));
    let drop = format!("DROP TRIGGER IF EXISTS `{}`", trigger.name);
    Trigger {
        create: std::iter::once(drop).chain(create).collect(),
        ..trigger
    }
}

fn mariadb_trigger(source: &str, table: &CapturedTable, operation: &str) -> Trigger {
    let name = trigger_name(source, table, operation);
    let json = |row: &str| {
        let value = |key: KeyColumn| format!("{row}.`{}`", key.name());
        format!("JSON_OBJECT({})", json_pairs(table, value))
    };
    let letter = format!("'{}'", &operation[..1]);
    let body = log_insert(
        source,
        table,
        &letter,
        json_sides(operation, json),
        Dialect::Mysql,
    );
    let on = format!("AFTER {operation} ON `{}`", table.name);
    let create = format!("CREATE OR REPLACE TRIGGER `{name}` {on} FOR EACH ROW {body}");
    Trigger {
        name,
        body,
        create: vec![create],
    }
}

/// One trigger for the three operations. It runs as its owner, with the owner's search path, so
/// that any writer may fire it.
fn postgres_trigger(source: &str, table: &CapturedTable) -> Trigger {
    let name = format!("sixplay_{source}_{}", table.name);
    let sides = [("INSERT", "OLD"), ("DELETE", "NEW")].map(|(absent, row)| {
        let json = json_pairs(table, |key| format!("{row}.\"{}\"", key.name()));
        format!("CASE WHEN TG_OP <> '{absent}' THEN CAST(json_build_object({json}) AS text) END")
    });
    let log = log_insert(source, table, "left(TG_OP, 1)", sides, Dialect::Postgres);
    let body = format!("BEGIN {log}; RETURN NULL; END");
    let function = format!(
        "CREATE OR REPLACE FUNCTION \"{name}\"() RETURNS trigger LANGUAGE plpgsql \
         SECURITY DEFINER SET search_path FROM CURRENT AS $sixplay${body}$sixplay$"
    );
    let drop = format!("DROP TRIGGER IF EXISTS \"{name}\" ON \"{}\"", table.name);
    let create = format!(
        "CREATE TRIGGER \"{name}\" AFTER INSERT OR UPDATE OR DELETE ON \"{}\" \
         FOR EACH ROW EXECUTE FUNCTION \"{name}\"()",
        table.name
    );
    Trigger {
        name,
        body,
        create: vec![function, drop, create],
    }
}
