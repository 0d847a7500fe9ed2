-- The same text runs on SQLite and on PostgreSQL. Times are milliseconds since the Unix epoch.

CREATE TABLE sessions (
    -- SHA-256 of the cookie in hex: the table alone opens nothing.
    cookie_sha256 TEXT PRIMARY KEY NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE clusters (
    -- The slug in links.
    id TEXT PRIMARY KEY NOT NULL,
    context TEXT NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (context, source)
);
