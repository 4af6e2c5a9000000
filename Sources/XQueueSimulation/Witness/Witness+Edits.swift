import XQueue
import XQueueCore

/// What holds for edits of tasks that wait, and for submissions that replace them.
extension Witness {
    /// A client is about to edit a task.
    func edits(_ id: TaskID) { edits.insert(id) }

    /// A client was told that its task is edited.
    ///
    /// - Parameter version: The version that the client has named.
    func edited(_ record: TaskRecord, from version: Int?) {
        if let version, record.version != version + 1 {
            fail(
                .illegalEdit,
                "task \(record.payload): version \(record.version), not the one after \(version)")
        }
        if edited[record.id]?[record.version] != record {
            fail(.lostEdit, "task \(record.payload), version \(record.version)")
        }
    }

    /// A step that leaves a task pending is an edit or a replacement, and nothing else changes its definition.
    func checkDefinition(of record: TaskRecord, _ old: TaskRecord) {
        guard old.status == .pending, record.status == .pending else {
            if record.definition != old.definition {
                fail(
                    .illegalEdit,
                    "task \(record.payload), from \(old.status.rawValue) to \(record.status.rawValue)")
            }
            return
        }
        edited[record.id, default: [:]][record.version] = record
        let isSame =
            record.type == old.type && record.createdAt == old.createdAt
            && record.retryCount == old.retryCount && record.errors == old.errors
        guard isSame, isEdit(record, old) || isReplacement(record, old) else {
            return fail(.illegalEdit, "task \(old.payload), which is task \(record.payload) now")
        }
    }

    private func isEdit(_ record: TaskRecord, _ old: TaskRecord) -> Bool {
        guard edits.contains(record.id), let task = cluster?.plan.tasks.first(where: { $0.id == record.id })
        else { return false }
        return record.metadata == task.mark && record.payload == old.payload
            && record.definition.unique == old.definition.unique
    }

    /// Whether a task was replaced by the submission of another one with its unique key, which has no mark.
    private func isReplacement(_ record: TaskRecord, _ old: TaskRecord) -> Bool {
        guard let task = cluster?.plan.tasks.first(where: { "\($0.number)" == record.payload.text }),
            task.id != record.id, let conflict = task.uniqueness?.onConflict
        else { return false }
        return (conflict == .replace || conflict == .rerun) && record.metadata == nil
            && record.priority == task.priority && record.concurrency == task.key
            && record.definition.uniqueScope != nil
            && record.definition.uniqueScope == old.definition.uniqueScope
    }

    /// An attempt has started, with what a handler is given. It may have lost its lease before.
    func started(_ entry: DiaryEntry, attempt: Int, marked mark: RawJSON?) {
        guard let record = running[entry.taskID], record.attempt == attempt,
            record.lease?.workerID == entry.process.name
        else { return }
        if record.metadata != mark || record.payload.text != "\(entry.task.number)" {
            fail(
                .staleAttempt,
                "task \(entry.task.number) in \(entry.process.name): \(mark?.text ?? "no mark")")
        }
    }
}

extension PlannedTask {
    /// The metadata of the task once it was edited.
    var mark: RawJSON { RawJSON(trusted: #"{"edited":\#(number)}"#) }
}
