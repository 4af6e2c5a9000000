import XQueueCore

/// Finds the subscribers that an event matches without testing all of them.
///
/// Filters that name tasks are found by task, and those that name types by type; only the rest are tested for
/// every event.
struct SubscriberIndex {
    private var filters: [Int: [EventFilter]] = [:]
    private var byTask: [TaskID: Set<Int>] = [:]
    private var byType: [String: Set<Int>] = [:]
    private var byStatus: Set<Int> = []
    /// Subscribers to every event.
    private var everything: Set<Int> = []

    mutating func insert(_ id: Int, _ filters: [EventFilter]) {
        remove(id)
        guard !filters.contains(.all) else {
            everything.insert(id)
            return
        }
        self.filters[id] = filters
        for filter in filters {
            if !filter.taskIDs.isEmpty {
                for task in filter.taskIDs { byTask[task, default: []].insert(id) }
            } else if !filter.types.isEmpty {
                for type in filter.types { byType[type, default: []].insert(id) }
            } else {
                byStatus.insert(id)
            }
        }
    }

    mutating func remove(_ id: Int) {
        everything.remove(id)
        byStatus.remove(id)
        for filter in filters.removeValue(forKey: id) ?? [] {
            for task in filter.taskIDs { Self.remove(id, from: &byTask[task]) }
            for type in filter.types { Self.remove(id, from: &byType[type]) }
        }
    }

    private static func remove(_ id: Int, from set: inout Set<Int>?) {
        set?.remove(id)
        if set?.isEmpty == true { set = nil }
    }

    /// Returns the events of `page` that match each subscriber, in order.
    func matches(_ page: [SharedEvent]) -> [Int: [SharedEvent]] {
        var matches: [Int: [SharedEvent]] = [:]
        guard !page.isEmpty else { return matches }
        for id in everything { matches[id] = page }
        guard !filters.isEmpty else { return matches }
        for shared in page {
            let candidates = [byTask[shared.event.taskID], byType[shared.event.type], byStatus]
            for case let ids? in candidates {
                for id in ids where matches[id]?.last !== shared && accepts(id, shared.event) {
                    matches[id, default: []].append(shared)
                }
            }
        }
        return matches
    }

    private func accepts(_ id: Int, _ event: TaskEvent) -> Bool {
        filters[id]?.contains { $0.matches(event) } == true
    }
}
