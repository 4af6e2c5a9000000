import GRDB
import XQueueCore

/// The writer's side of the store: its statements, caches, and the effects of the current transaction.
///
/// Used only on the writer's queue. A verb reads tasks, lets ``TaskStateMachine`` take the step, and saves the
/// result; the extensions in `Verbs` have one verb each.
final class WriteSession {
    let limits: StoreLimits
    private(set) var db: Database
    private(set) var now = Timestamp(milliseconds: 0)
    var catalog: TypeCatalog
    var effects = Effects()
    var events: EventLogWriter
    private var statements: [Int: PreparedStatement] = [:]
    private var active = ActiveTasks()
    /// Keys that may have a free token, in the order they were touched.
    private var touchedKeys: [String] = []
    private var isTouched: Set<String> = []
    /// True after a rollback, until the counts have been reloaded.
    private var mustReload = false

    init(_ db: Database, limits: StoreLimits) throws {
        self.db = db
        self.limits = limits
        catalog = try TypeCatalog(db)
        events = try EventLogWriter(db, retention: limits.events)
    }

    // MARK: - Transactions

    func begin() throws {
        if mustReload {
            catalog = try TypeCatalog(db)
            events = try EventLogWriter(db, retention: limits.events)
            mustReload = false
        }
        effects = Effects()
        try statement(.begin, "BEGIN IMMEDIATE").run(db)
    }

    /// Runs one caller's verb within the transaction.
    func run<Value>(at now: Timestamp, _ verb: (WriteSession) throws -> Value) throws -> Value {
        self.now = now
        forgetTouchedKeys()
        let value = try verb(self)
        try refillTouchedKeys()
        return value
    }

    func commit() throws {
        try catalog.flush(self)
        effects.wroteEvents = !events.isEmpty
        try events.flush(self)
        try statement(.commit, "COMMIT").run(db)
    }

    /// Rolls back the transaction, and drops everything in memory that depended on it.
    func rollBack() throws {
        forgetTouchedKeys()
        active.removeAll()
        effects = Effects()
        mustReload = true
        // A full disk or an I/O error may have rolled back already.
        if db.isInsideTransaction { try db.execute(sql: "ROLLBACK") }
    }

    /// Drops the cached processing tasks, because the database was changed without them.
    func forgetActive() {
        active.removeAll()
    }

    // MARK: - Statements

    /// The statement for `sql`, prepared once. `slot` identifies it without hashing its text.
    func statement(_ slot: StatementSlot, _ sql: @autoclosure () -> String) throws -> PreparedStatement {
        if let statement = statements[slot.number] { return statement }
        let statement = try PreparedStatement(db, sql())
        statements[slot.number] = statement
        return statement
    }

    // MARK: - Tasks

    /// The task's current state, from memory if it is processing.
    func load(_ id: TaskID) throws -> StoredTask? {
        if let task = active[id] { return task }
        let statement = try statement(
            .loadByID, "SELECT \(TaskColumns.names) FROM tasks WHERE id = ?")
        statement.bind(1, id)
        defer { statement.reset() }
        guard try statement.step(db) else { return nil }
        return try read(statement)
    }

    func load(seq: Int64) throws -> StoredTask? {
        let statement = try statement(
            .loadBySeq, "SELECT \(TaskColumns.names) FROM tasks WHERE seq = ?")
        statement.bind(1, seq)
        guard let task = try readAll(statement).first else { return nil }
        return active[task.record.id] ?? task
    }

    /// The task in the statement's current row.
    func read(_ statement: PreparedStatement) throws -> StoredTask {
        guard let type = catalog.name(statement.typeID) else {
            throw CorruptRow(seq: statement.integer(0), column: "type")
        }
        return try statement.task(typeName: type)
    }

    /// All tasks the statement returns.
    func readAll(_ statement: PreparedStatement) throws -> [StoredTask] {
        defer { statement.reset() }
        var tasks: [StoredTask] = []
        while try statement.step(db) { tasks.append(try read(statement)) }
        return tasks
    }

    /// Takes one step of the state machine and saves the changes.
    @discardableResult
    func step(
        _ task: StoredTask, _ transition: TaskTransition
    ) throws -> Result<TaskRecord, TransitionRejection> {
        var machine = TaskStateMachine(task.record)
        do throws(TransitionRejection) {
            try machine.apply(transition, at: now)
        } catch {
            return .failure(error)
        }
        let changed = StoredTask(seq: task.seq, typeID: task.typeID, record: machine.record)
        try save(changed, was: task.record, by: transition)
        return .success(machine.record)
    }

    private func save(
        _ task: StoredTask, was old: TaskRecord, by transition: TaskTransition
    ) throws {
        switch transition {
        case .heartbeat: try saveLease(task)
        case .progress: try saveProgress(task)
        case .park, .unpark: try saveReason(task)
        case .unblock: try saveUnblocking(task)
        case .claim: try saveClaim(task)
        case .settle, .cancel, .requeue, .expire: try saveState(task)
        case .rewrite(let rewrite): try saveRewrite(task, rewrite)
        }
        let new = task.record
        if let end = new.completedAt, old.completedAt == nil, new.id.timestamp > end {
            try noteOddEnd(task.seq, at: end)
        }
        if let change = TaskEvent.change(from: old, to: new) { events.add(change, of: new, at: now) }
        active[new.id] = new.status == .processing ? task : nil
        catalog.move(task.typeID, from: old.status, to: new.status)
        effects.changed(from: old, to: new)
        if old.status == .processing, new.status != .processing, mayHaveWaiting(task.typeID) {
            effects.becameReady = true
        }
        if let key = old.concurrency?.key, mayFreeToken(from: old, to: new) { touch(key) }
        if case .rewrite = transition {
            try rewriteKey(task, from: old.definition)
        } else if new.status != old.status, case .requeue = transition {
            try takeKey(task)
        } else if new.status != old.status {
            try moveKey(task)
        }
    }

    /// Whether a parked task with the same concurrency key may have to become ready: a token became free, or a ready task
    /// ahead of a parked one is gone.
    private func mayFreeToken(from old: TaskRecord, to new: TaskRecord) -> Bool {
        switch (old.status, old.pendingReason) {
        case (.processing, _): new.status != .processing
        // Even if it stays ready, a rewritten task may have left the key or fallen behind.
        case (.pending, .ready):
            new.status != .processing && (new.pendingReason != .ready || new.version != old.version)
        default: false
        }
    }

    /// Whether tasks of the type may be waiting because of its limit.
    private func mayHaveWaiting(_ typeID: Int64) -> Bool {
        let state = catalog.entry(typeID).state
        return state.limit != nil && state.counts[.pending] > 0
    }

    func touch(_ key: String) {
        if isTouched.insert(key).inserted { touchedKeys.append(key) }
    }

    private func forgetTouchedKeys() {
        guard !touchedKeys.isEmpty else { return }
        touchedKeys.removeAll(keepingCapacity: true)
        isTouched.removeAll(keepingCapacity: true)
    }

    private func refillTouchedKeys() throws {
        // Making a task ready touches no further keys, so one round is enough.
        for key in touchedKeys { try refill(key) }
    }
}

/// The writer's statements.
enum StatementSlot {
    case loadByID, loadBySeq, insert, insertPayload
    case saveClaim, saveState, saveLease, saveProgress, saveReason, saveUnblocking, saveRewrite
    case keyHeld, keyParkedType, keyParkedLimit, keyBestParked, keyReadyAbove, keyReadyBeside
    case due, nextDue, deletePayload, delete, noteOddEnd
    case insertEvents, trimEvents, pruneEvents
    case loadKey, saveKey, removeKey, forgetKey
    case begin, commit, saveCounts
    case loadSchedule, saveSchedule, removeSchedule, nextSchedule
    /// The cursor over the ready tasks of one type.
    case ready(type: Int64)

    var number: Int {
        switch self {
        case .loadByID: 0
        case .loadBySeq: 1
        case .insert: 2
        case .insertPayload: 3
        case .saveClaim: 4
        case .saveState: 5
        case .saveLease: 6
        case .saveProgress: 7
        case .saveReason: 8
        case .keyHeld: 9
        case .keyParkedType: 10
        case .keyBestParked: 11
        case .keyReadyAbove: 12
        case .keyReadyBeside: 13
        case .due: 14
        case .nextDue: 15
        case .deletePayload: 16
        case .delete: 17
        case .keyParkedLimit: 18
        case .insertEvents: 19
        case .trimEvents: 20
        case .pruneEvents: 21
        case .begin: 22
        case .commit: 23
        case .saveCounts: 24
        case .noteOddEnd: 25
        case .loadSchedule: 26
        case .saveSchedule: 27
        case .removeSchedule: 28
        case .nextSchedule: 29
        case .saveRewrite: 30
        case .saveUnblocking: 31
        case .loadKey: 32
        case .saveKey: 33
        case .removeKey: 34
        case .forgetKey: 35
        case .ready(let type): 100 + Int(type)
        }
    }
}
