#if Redis

import XQueueCore

/// The forms of the event log, which scripts write.
///
/// An entry is its head, and then groups: the head of one, how many tasks it holds for, and their identifiers.
enum StoredEvents {
    /// - Parameters:
    ///   - first: The number of the entry's first event.
    ///   - time: When its events happened.
    static func entry<Coder: LayoutCoder>(
        _ coder: inout Coder, first: inout Int64, at time: inout Timestamp
    ) throws(StoreError) {
        try coder.integer("FIRST", .milliseconds, initial: 0, &first)
        try coder.time("TIME", &time)
    }

    /// What the events of a group are about: by it, the rest of the head is one of the next two.
    static func kind<Coder: LayoutCoder>(_ coder: inout Coder, _ kind: EventCode) throws(StoreError) {
        var code = kind.rawValue
        try self.kind(&coder, code: &code)
    }

    static func kind<Coder: LayoutCoder>(_ coder: inout Coder, code: inout Int) throws(StoreError) {
        try coder.count("KIND", .uint8, &code)
    }

    static func status<Coder: LayoutCoder>(
        _ coder: inout Coder, _ change: inout TaskEvent.StatusChange, type: inout String,
        worker: inout String?
    ) throws(StoreError) {
        var previous = change.previous?.code ?? EventCode.noStatus
        var error = change.error.marked
        var length = error.utf8.count
        try coder.count("PREVIOUS", .uint8, initial: Int64(EventCode.noStatus), &previous)
        try coder.code("STATUS", &change.status)
        try coder.count("VERSION", .uint32, initial: 1, &change.version)
        try coder.count("RETRIES", .uint16, &change.retryCount)
        try coder.text("TYPE", &type)
        try coder.marked("WORKER", &worker)
        try coder.count("ERROR_LENGTH", .uint16, &length)
        try coder.text(length: length, &error)
        guard Coder.reads else { return }
        change.previous = previous == EventCode.noStatus ? nil : TaskStatus(code: previous)
        change.error = error.unmarked
    }

    static func progress<Coder: LayoutCoder>(
        _ coder: inout Coder, _ progress: inout TaskProgress, type: inout String, worker: inout String?
    ) throws(StoreError) {
        var percent = progress.percent
        var message = progress.message.marked
        var length = message.utf8.count
        try coder.double("PERCENT", initial: 0, &percent)
        try coder.text("TYPE", &type)
        try coder.marked("WORKER", &worker)
        try coder.count("MESSAGE_LENGTH", .uint16, &length)
        try coder.text(length: length, &message)
        if Coder.reads { progress = TaskProgress(percent: percent, message: message.unmarked) }
    }

    /// What stands behind a head whose kind says that there is metadata.
    static func metadata<Coder: LayoutCoder>(_ coder: inout Coder, _ metadata: inout String)
        throws(StoreError)
    {
        var length = metadata.utf8.count
        try coder.count("METADATA_LENGTH", .uint16, &length)
        try coder.text(length: length, &metadata)
    }

    /// - Parameter size: How many tasks the group holds for.
    static func group<Coder: LayoutCoder>(_ coder: inout Coder, size: inout Int) throws(StoreError) {
        try coder.count("SIZE", .uint32, &size)
    }
}

#endif
