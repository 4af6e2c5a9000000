import XQueueCore

/// What became of the schedules of a configuration file.
package struct FileSchedulesOutcome: Sendable, Equatable {
    package var set: [String] = []
    package var removed: [String] = []
    /// Those that come from a newer file, or that somebody made over the API.
    package var kept: [String] = []
}

extension ScheduleEditor {
    /// Sets the schedules of a configuration file. An older file changes nothing that a newer one has set, so an old node in a
    /// rolling deploy cannot set schedules back; a file of the same revision adds and changes, and only a newer one removes.
    func setAll(
        _ list: [(schedule: Schedule, definition: TaskDefinition)], fileRevision: Int
    ) async throws(QueueError) -> FileSchedulesOutcome {
        var outcome = FileSchedulesOutcome()
        for (schedule, definition) in list {
            let record = try await record(schedule.name)
            let old = record.flatMap { try? StoredSchedule($0) }
            // One that cannot be read may be of a newer version.
            let isUnreadable = record != nil && old == nil
            if isUnreadable || old.map({ $0.source == .api || $0.fileRevision > fileRevision }) ?? false {
                outcome.kept.append(schedule.name)
                continue
            }
            // What is the same stays as it is: setting it anew would lose a tick that is due right now.
            if let old, old.fileRevision == fileRevision, old.isSame(schedule, definition) { continue }
            _ = try await set(schedule, definition, version: nil, owner: .file(revision: fileRevision))
            outcome.set.append(schedule.name)
        }
        let names = Set(list.map(\.schedule.name))
        var last: String?
        while true {
            let page = try await QueueError.wrapping { () async throws(StoreError) in
                try await store.schedules(after: last, limit: 1000)
            }
            for record in page where !names.contains(record.name) {
                guard let stored = try? StoredSchedule(record), stored.source == .file,
                    stored.fileRevision < fileRevision
                else { continue }
                do throws(QueueError) {
                    try await remove(record.name, version: nil, owner: .file(revision: fileRevision))
                } catch  where error.code == .notFound {
                    // Another node was faster.
                    continue
                }
                outcome.removed.append(record.name)
            }
            guard page.count == 1000 else { return outcome }
            last = page.last?.name
        }
    }
}

extension StoredSchedule {
    /// Whether it would be stored in the same words.
    func isSame(_ schedule: Schedule, _ definition: TaskDefinition) -> Bool {
        ScheduleJSON.object(self.schedule, self.definition).text
            == ScheduleJSON.object(schedule, definition).text
    }
}
