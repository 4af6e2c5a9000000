import GRDB
import XQueueCore

/// The database schema, one step per released change.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: tasks and types") { db in
            try db.execute(sql: version1)
        }
        migrator.registerMigration("2: events") { db in
            try db.execute(sql: version2)
        }
        migrator.registerMigration("3: traces") { db in
            // A task without one takes one byte more.
            try db.execute(sql: "ALTER TABLE tasks ADD COLUMN trace TEXT")
        }
        migrator.registerMigration("4: clocks that are set") { db in
            try db.execute(sql: version4)
        }
        migrator.registerMigration("5: unique keys by type") { db in
            try db.execute(sql: version5)
        }
        migrator.registerMigration("6: remote workers") { db in
            // Before, the range of a lease's token said so: from 2^51 + 2^21.
            try db.execute(
                sql: "UPDATE tasks SET reason = 3 WHERE status = 1 AND lease_token >= 2251799815782400")
        }
        migrator.registerMigration("7: metadata") { db in
            try db.execute(sql: "ALTER TABLE tasks ADD COLUMN metadata TEXT")
        }
        migrator.registerMigration("8: schedules") { db in
            try db.execute(sql: version8)
        }
        migrator.registerMigration("9: unique keys") { db in
            try db.execute(sql: version9)
        }
        return migrator
    }

    /// - Throws: ``StoreError/Code/newer`` if the database has steps unknown to this version.
    static func checkVersion(_ db: Database, _ path: String) throws {
        let known = Self.migrator.migrations
        let unknown = try Self.migrator.appliedIdentifiers(db).subtracting(known).sorted()
        guard let first = unknown.first else { return }
        throw StoreError(
            .newer,
            "\(path) was created by a newer version of XQueue (its layout has '\(first)', this version's ends with "
                + "'\(known.last ?? "nothing")'); use that version or another file")
    }

    /// `status` and `reason` hold the codes of `TaskStatus` and `TaskState.reasonCode`; times are milliseconds
    /// since 1970, durations milliseconds. Queries must repeat the literals of the partial indexes, or the
    /// planner ignores the index.
    private static let version1 = """
        CREATE TABLE types (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            max_concurrency INTEGER,
            paused INTEGER NOT NULL DEFAULT 0,
            pending INTEGER NOT NULL DEFAULT 0,
            processing INTEGER NOT NULL DEFAULT 0,
            success INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            canceled INTEGER NOT NULL DEFAULT 0,
            timeout INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE tasks (
            seq INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            type INTEGER NOT NULL REFERENCES types(id),
            status INTEGER NOT NULL,
            reason INTEGER,
            priority INTEGER NOT NULL,
            due_at INTEGER,
            version INTEGER NOT NULL,
            retry_count INTEGER NOT NULL,
            max_retry INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            run_at INTEGER NOT NULL,
            started_at INTEGER,
            completed_at INTEGER,
            cancel_requested_at INTEGER,
            lease_token INTEGER,
            lease_deadline INTEGER,
            worker TEXT,
            queue_timeout INTEGER,
            process_timeout INTEGER,
            key TEXT,
            key_limit INTEGER,
            unique_key TEXT,
            retry_policy TEXT,
            progress REAL,
            progress_message TEXT,
            error TEXT,
            errors TEXT,
            result TEXT,
            payload TEXT
        ) STRICT;

        -- Payloads that would make every change of their task expensive; `tasks.payload` is NULL then.
        CREATE TABLE large_payloads (
            task INTEGER PRIMARY KEY REFERENCES tasks(seq) ON DELETE CASCADE,
            payload TEXT NOT NULL
        ) STRICT;

        CREATE UNIQUE INDEX tasks_id ON tasks(id);
        CREATE INDEX tasks_ready ON tasks(type, priority DESC, id) WHERE status = 0 AND reason = 0;
        CREATE INDEX tasks_due ON tasks(due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX tasks_status ON tasks(status, id);
        CREATE INDEX tasks_type ON tasks(type, id);
        CREATE INDEX tasks_key ON tasks(key, status, reason, type, priority DESC, id)
            WHERE key IS NOT NULL AND status <= 1;
        CREATE INDEX tasks_parked ON tasks(key, type, key_limit, priority DESC, id)
            WHERE status = 0 AND reason = 2;
        CREATE INDEX tasks_key_history ON tasks(key, id) WHERE key IS NOT NULL;
        CREATE UNIQUE INDEX tasks_unique_key ON tasks(unique_key)
            WHERE unique_key IS NOT NULL AND status <= 1;
        """

    /// `given_run_at` is the `run_at` of a task that was submitted with a time rather than a delay.
    ///
    /// `odd_ends` lists tasks that ended before the time in their identifier: expired ones cannot be found by
    /// identifier. Rows of tasks that were requeued or removed stay until their time has come.
    private static let version4 = """
        ALTER TABLE tasks ADD COLUMN given_run_at INTEGER;

        CREATE TABLE odd_ends (
            completed_at INTEGER NOT NULL,
            task INTEGER NOT NULL,
            PRIMARY KEY (completed_at, task)
        ) STRICT, WITHOUT ROWID;

        INSERT INTO odd_ends SELECT completed_at, seq FROM tasks
            WHERE status >= 2 AND hex(substr(id, 1, 6)) > printf('%012X', completed_at);
        """

    /// A row has the events of one transaction, from `first_number` to `number`; see `EventBatch`.
    private static let version2 = """
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            first_number INTEGER NOT NULL,
            time INTEGER NOT NULL,
            batch BLOB NOT NULL
        ) STRICT;

        -- Up to where each sink's events have been acknowledged.
        CREATE TABLE sinks (
            name TEXT PRIMARY KEY,
            time INTEGER NOT NULL,
            number INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// `definition` and `state` are the runtime's, as JSON.
    private static let version8 = """
        ALTER TABLE tasks ADD COLUMN scheduled TEXT;

        CREATE TABLE schedules (
            name TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            due_at INTEGER,
            definition TEXT NOT NULL,
            state TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX schedules_due ON schedules(due_at) WHERE due_at IS NOT NULL;
        """

    /// Who holds which unique key: see `UniqueKeys`. `type` is 0 for keys of all types; `holder` and `next` are numbers of tasks.
    ///
    /// `unique_terms` is everything but the key in a task's rule: see `UniqueTerms`.
    private static let version9 = """
        ALTER TABLE tasks ADD COLUMN unique_terms TEXT;

        CREATE TABLE unique_keys (
            type INTEGER NOT NULL,
            key TEXT NOT NULL,
            holder INTEGER NOT NULL,
            next INTEGER,
            expires_at INTEGER,
            PRIMARY KEY (type, key)
        ) STRICT, WITHOUT ROWID;

        INSERT INTO unique_keys (type, key, holder)
            SELECT type, unique_key, seq FROM tasks WHERE unique_key IS NOT NULL AND status <= 1;

        CREATE INDEX unique_keys_expiry ON unique_keys(holder) WHERE expires_at IS NOT NULL;
        DROP INDEX tasks_unique_key;
        """

    /// A unique key is unique within its type.
    private static let version5 = """
        DROP INDEX tasks_unique_key;
        CREATE UNIQUE INDEX tasks_unique_key ON tasks(unique_key, type)
            WHERE unique_key IS NOT NULL AND status <= 1;
        """
}
