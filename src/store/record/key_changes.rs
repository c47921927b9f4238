//! Steps in the life of signing keys. Each is one transaction, with its line of the audit and of
//! the change log; of many nodes that take the same step at once, one does.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::jobs::Durability;
use super::keys::NewKey;
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::session::ending::Actor;

/// One step.
#[derive(Clone, Debug)]
pub enum KeyChange {
    /// Keeps a key that signs at once, if none of its algorithm does.
    First(NewKey),
    /// Keeps a key that is published to follow the one that signs, if there is no such key.
    Next(NewKey),
    /// The next key of an algorithm begins to sign.
    Promote {
        /// RFC 7518, 3.1.
        alg: String,
        /// Which: it must be the next one.
        kid: String,
        /// What signs until now, if anything does.
        supersedes: Option<Superseded>,
        /// Whether that one is not believed any more.
        drop: bool,
    },
    /// A superseded key leaves the key set.
    Retire(Superseded),
    /// A key that left the key set is forgotten.
    Remove {
        /// Which.
        kid: String,
    },
}

/// A key whose private part goes.
#[derive(Clone, Debug)]
pub struct Superseded {
    /// Which.
    pub kid: String,
    /// The sealed public key, kept if the record has it not.
    pub public: Vec<u8>,
}

struct Step {
    change: KeyChange,
    actor: String,
    audit_ids: [String; 2],
    now: Timestamp,
}

impl Record {
    /// Takes a step, if the keys are still as it demands; whether it was taken.
    pub async fn change_key(
        &self,
        change: KeyChange,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<bool, RecordError> {
        let step = Step {
            change,
            actor: actor.describe(),
            audit_ids: [self.audit_id(), self.audit_id()],
            now,
        };
        self.write_log(
            Durability::Full,
            step,
            |conn, step| Box::pin(take(conn, step)),
            |taken| *taken,
        )
        .await
    }
}

async fn take(conn: &mut AnyConnection, step: &Step) -> Result<bool, RecordError> {
    // Whoever changes a key waits here: there may be no row of a key to lock.
    let lock = "UPDATE counters SET value = value + 1 WHERE name = 'keys'";
    sqlx::query(lock).execute(&mut *conn).await?;
    let taken = match &step.change {
        KeyChange::First(key) => first(conn, key, step.now).await?,
        KeyChange::Next(key) => next(conn, key, step.now).await?,
        KeyChange::Promote {
            alg,
            kid,
            supersedes,
            drop,
        } => {
            let supersedes = supersedes.as_ref();
            let as_demanded = kid_of(conn, CURRENT, alg).await?.as_ref()
                == supersedes.map(|key| &key.kid)
                && kid_of(conn, NEXT, alg).await?.as_ref() == Some(kid);
            if as_demanded {
                promote(conn, kid, supersedes, *drop, step.now).await?;
            }
            as_demanded
        }
        KeyChange::Retire(key) => retire(conn, key, step.now).await?,
        KeyChange::Remove { kid } => {
            let sql = "DELETE FROM signing_keys WHERE kid = $1 AND retired_at IS NOT NULL";
            let query = sqlx::query(sql).bind(kid.as_str());
            query.execute(&mut *conn).await?.rows_affected() == 1
        }
    };
    if taken {
        for (id, entry) in step.audit_ids.iter().zip(lines(step)) {
            audit::append(conn, id, &entry).await?;
        }
        changes::note(conn, &ChangeKind::Keys, step.now).await?;
    }
    Ok(taken)
}

const CURRENT: &str = "SELECT kid FROM signing_keys \
     WHERE alg = $1 AND promoted_at IS NOT NULL AND superseded_at IS NULL";
const NEXT: &str = "SELECT kid FROM signing_keys WHERE alg = $1 AND promoted_at IS NULL";

async fn kid_of(
    conn: &mut AnyConnection,
    sql: &'static str,
    alg: &str,
) -> Result<Option<String>, RecordError> {
    let query = sqlx::query_scalar(sql).bind(alg);
    Ok(query.fetch_optional(conn).await?)
}

async fn first(
    conn: &mut AnyConnection,
    key: &NewKey,
    now: Timestamp,
) -> Result<bool, RecordError> {
    if kid_of(conn, CURRENT, &key.alg).await?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO signing_keys \
         (kid, alg, private_part, public_part, published_at, promoted_at) \
         VALUES ($1, $2, $3, $4, $5, $5)";
    insert(conn, sql, key, now).await
}

async fn next(conn: &mut AnyConnection, key: &NewKey, now: Timestamp) -> Result<bool, RecordError> {
    if kid_of(conn, NEXT, &key.alg).await?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO signing_keys (kid, alg, private_part, public_part, published_at) \
         VALUES ($1, $2, $3, $4, $5)";
    insert(conn, sql, key, now).await
}

async fn insert(
    conn: &mut AnyConnection,
    sql: &'static str,
    key: &NewKey,
    now: Timestamp,
) -> Result<bool, RecordError> {
    sqlx::query(sql)
        .bind(key.kid.as_str())
        .bind(key.alg.as_str())
        .bind(key.private.clone())
        .bind(key.public.clone())
        .bind(now.as_millis())
        .execute(conn)
        .await?;
    Ok(true)
}

async fn promote(
    conn: &mut AnyConnection,
    kid: &str,
    supersedes: Option<&Superseded>,
    drop: bool,
    now: Timestamp,
) -> Result<(), RecordError> {
    if let Some(key) = supersedes {
        let sql = if drop {
            "UPDATE signing_keys SET superseded_at = $1, retired_at = $1, dropped_at = $1, \
             private_part = NULL, public_part = COALESCE(public_part, $2) WHERE kid = $3"
        } else {
            "UPDATE signing_keys SET superseded_at = $1, \
             private_part = NULL, public_part = COALESCE(public_part, $2) WHERE kid = $3"
        };
        sqlx::query(sql)
            .bind(now.as_millis())
            .bind(key.public.clone())
            .bind(key.kid.as_str())
            .execute(&mut *conn)
            .await?;
    }
    sqlx::query("UPDATE signing_keys SET promoted_at = $1 WHERE kid = $2")
        .bind(now.as_millis())
        .bind(kid)
        .execute(conn)
        .await?;
    Ok(())
}

async fn retire(
    conn: &mut AnyConnection,
    key: &Superseded,
    now: Timestamp,
) -> Result<bool, RecordError> {
    let sql = "UPDATE signing_keys SET retired_at = $1, \
         private_part = NULL, public_part = COALESCE(public_part, $2) \
         WHERE kid = $3 AND superseded_at IS NOT NULL AND retired_at IS NULL";
    let query = sqlx::query(sql)
        .bind(now.as_millis())
        .bind(key.public.clone())
        .bind(key.kid.as_str());
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

/// What the audit says of a step.
fn lines(step: &Step) -> Vec<AuditEntry> {
    let line = |action: AuditAction, kid: &str, detail: String| AuditEntry {
        at: step.now,
        actor: step.actor.clone(),
        action: action.as_str().to_owned(),
        target: format!("key:{kid}"),
        session: None,
        address: None,
        reason: None,
        detail: Some(detail).filter(|detail| !detail.is_empty()),
    };
    match &step.change {
        KeyChange::First(key) => vec![line(
            AuditAction::KeyMake,
            &key.kid,
            format!("{}, signs at once", key.alg),
        )],
        KeyChange::Next(key) => vec![line(
            AuditAction::KeyMake,
            &key.kid,
            format!("{}, next", key.alg),
        )],
        KeyChange::Promote {
            alg,
            kid,
            supersedes,
            drop,
        } => {
            let detail = match supersedes {
                Some(key) => format!("{alg}, in place of {}", key.kid),
                None => alg.clone(),
            };
            let promoted = line(AuditAction::KeyPromote, kid, detail);
            let dropped = supersedes.as_ref().filter(|_| *drop);
            let dropped = dropped.map(|key| line(AuditAction::KeyDrop, &key.kid, alg.clone()));
            std::iter::once(promoted).chain(dropped).collect()
        }
        KeyChange::Retire(key) => vec![line(AuditAction::KeyRetire, &key.kid, String::new())],
        KeyChange::Remove { kid } => vec![line(AuditAction::KeyRemove, kid, String::new())],
    }
}
