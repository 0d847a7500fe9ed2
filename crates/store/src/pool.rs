//! The connections.

use crate::{DatabaseUrl, StoreError};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::{Duration, Instant};

/// How long a statement waits for a free connection, or for another process's lock on the SQLite file.
const PATIENCE: Duration = Duration::from_secs(5);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// The database, open and at this release's schema. Cheap to clone: clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
}

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs the same expression with `$pool` bound to whichever pool it is: the statements are the same text for both, the
/// types of the driver are not.
macro_rules! on {
    ($store:expr, $pool:ident => $run:expr) => {
        match &$store.pool {
            $crate::pool::Pool::Sqlite($pool) => $run,
            $crate::pool::Pool::Postgres($pool) => $run,
        }
    };
}
pub(crate) use on;

/// Puts the file into write-ahead mode, in which it stays. Of two connections that find a new file and switch it, one may
/// wait for a lock that the other, in the new mode already, never gives up: it has to open the file again to see that
/// there is nothing left to do. So each try is short.
async fn use_write_ahead_log(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let switching = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_millis(50));
    let end = Instant::now() + PATIENCE;
    loop {
        match switching.connect().await {
            Ok(connection) => return connection.close().await,
            Err(error) if is_locked(&error) && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Connects once: a pool tries a server that refuses until its patience ends, and then says only that it did.
async fn check(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let connected = tokio::time::timeout(PATIENCE, options.connect()).await;
    connected.map_err(late)??.close().await
}

/// Whether this is `SQLITE_BUSY`, in its plain or one of its extended forms.
fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

impl Store {
    /// Opens the database, making the SQLite file if need be, and brings its schema up to date.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Open {
            url: url.clone(),
            source,
        };
        let pool = match url {
            DatabaseUrl::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(PATIENCE)
                    .foreign_keys(true);
                use_write_ahead_log(&options).await.map_err(failed)?;
                let pool = SqlitePoolOptions::new()
                    .max_connections(4)
                    .acquire_timeout(PATIENCE);
                Pool::Sqlite(pool.connect_with(options).await.map_err(failed)?)
            }
            DatabaseUrl::Postgres(text) => {
                let options: PgConnectOptions = text.parse().map_err(failed)?;
                let options = options.application_name("kubilitics");
                check(&options).await.map_err(failed)?;
                let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(PATIENCE);
                Pool::Postgres(pool.connect_with(options).await.map_err(failed)?)
            }
        };
        let store = Self { pool };
        store.migrate().await.map_err(|source| StoreError::Migrate {
            url: url.clone(),
            source,
        })?;
        Ok(store)
    }

    /// Brings the schema up to date. Who comes second waits, and finds it done: sqlx takes a lock of PostgreSQL for that,
    /// and none of SQLite, where one transaction around all of it serves.
    async fn migrate(&self) -> Result<(), MigrateError> {
        match &self.pool {
            Pool::Postgres(pool) => MIGRATIONS.run(pool).await,
            Pool::Sqlite(pool) => {
                let mut all = pool.begin_with("BEGIN IMMEDIATE").await?;
                MIGRATIONS.run(&mut *all).await?;
                Ok(all.commit().await?)
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on!(self, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))
            .map_err(StoreError::of("answer"))
    }

    /// Waits until statements that run have ended, and closes every connection. Later calls fail.
    pub async fn close(&self) {
        on!(self, pool => pool.close().await);
    }
}
