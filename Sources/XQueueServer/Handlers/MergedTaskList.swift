import XQueue
import XQueueCore

/// One list, newest first, of several that the store can only answer one by one.
struct MergedTaskList {
    /// How many tasks of a list are asked for at once.
    private static let chunk = 100
    /// How far it reaches back: whatever is skipped has to be read.
    private static let maxReach = 1000

    /// One of the lists, as far as it has been read.
    private struct Source {
        var query: TaskQuery
        var total = Int.max
        var read: ArraySlice<TaskRecord> = []
    }

    private let manager: TaskManager
    private var sources: [Source]
    /// How many bytes of payloads, results and errors may have been read and not be on the page yet.
    private var room = 0
    /// How many of them are read of one list at once.
    private var part = 1

    init(_ queries: [TaskQuery], _ manager: TaskManager) {
        self.manager = manager
        sources = queries.map { Source(query: $0) }
    }

    /// - Throws: ``QueueError`` for a page that is out of bounds, or beyond the reach of a merged list.
    func page(offset: Int, limit: Int, maxBytes: Int) async throws(QueueError) -> TaskPage {
        var list = self
        guard offset >= 0, 1...1000 ~= limit else {
            // As one list says it.
            return try await manager.tasks(TaskQuery(limit: limit, offset: offset))
        }
        guard offset <= Self.maxReach - limit else {
            throw .invalid("offset", "must stay within the newest \(Self.maxReach) of a key in several lists")
        }
        return try await list.read(offset, limit, maxBytes)
    }

    private mutating func read(_ offset: Int, _ limit: Int, _ maxBytes: Int) async throws(QueueError)
        -> TaskPage
    {
        room = maxBytes
        part = max(1, maxBytes / sources.count)
        for index in sources.indices {
            sources[index].query.offset = 0
            sources[index].query.limit = min(Self.chunk, offset + limit)
            try await fill(index)
        }
        var tasks: [TaskRecord] = []
        var (skipped, bytes) = (0, 0)
        while tasks.count < limit, bytes <= maxBytes, let newest = newest() {
            guard let task = sources[newest].read.popFirst() else { break }
            room += task.contentBytes
            if skipped < offset {
                skipped += 1
            } else if let task = try await whole(task) {
                tasks.append(task)
                bytes += task.contentBytes
            }
            if sources[newest].read.isEmpty { try await fill(newest) }
        }
        return TaskPage(tasks: tasks, total: sources.reduce(0) { $0 + $1.total })
    }

    /// The list that has the newest task.
    private func newest() -> Int? {
        sources.indices.filter { !sources[$0].read.isEmpty }.max {
            guard let left = sources[$0].read.first, let right = sources[$1].read.first else { return false }
            return left.id < right.id
        }
    }

    /// The task with its contents; nil if it is gone by now.
    private func whole(_ task: TaskRecord) async throws(QueueError) -> TaskRecord? {
        task.isAbridged ? try await manager.task(task.id) : task
    }

    private mutating func fill(_ index: Int) async throws(QueueError) {
        guard sources[index].query.offset < sources[index].total else { return }
        sources[index].query.maxBytes = min(part, max(1, room))
        let page = try await manager.tasks(sources[index].query)
        var left = room
        var read = Array(
            page.tasks.prefix { task in
                left -= task.contentBytes
                return left >= 0
            })
        // Each of many lists may begin with a large task: where there is no room for it, only its place is kept.
        if read.isEmpty, let first = page.tasks.first { read = [first.abridged] }
        room -= read.reduce(0) { $0 + $1.contentBytes }
        sources[index].total = page.total
        sources[index].read = read[...]
        // One that is shorter than it said must not be asked for ever.
        sources[index].query.offset = read.isEmpty ? page.total : sources[index].query.offset + read.count
    }
}
