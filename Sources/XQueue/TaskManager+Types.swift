import XQueueCore

extension TaskManager {
    /// Stops the claiming of tasks of `type`, on all nodes, until ``resume(_:)``; running tasks continue.
    ///
    /// - Parameters:
    ///   - type: The task type.
    ///   - create: Whether to create a type that neither the store nor a live node knows.
    /// - Throws: ``QueueError/Code/notFound`` for an unknown type, unless it is created.
    public func pause(_ type: String, create: Bool = false) async throws(QueueError) {
        try await checkKnown(type, create: create)
        try await setPaused(true, type)
    }

    /// Resumes the claiming of tasks of a paused type.
    ///
    /// - Throws: ``QueueError/Code/notFound`` for an unknown type.
    public func resume(_ type: String) async throws(QueueError) {
        try await checkKnown(type, create: false)
        try await setPaused(false, type)
    }

    /// Limits the number of concurrent tasks of a type, across all nodes, until the limit is changed.
    ///
    /// A node whose handler is registered with a `maxConcurrency` sets the limit to that when it starts.
    ///
    /// - Parameters:
    ///   - limit: 1 to `ModelLimits.maxConcurrency`; nil for no limit.
    ///   - type: The task type.
    ///   - create: Whether to create a type that neither the store nor a live node knows.
    /// - Throws: ``QueueError/Code/notFound`` for an unknown type, unless it is created;
    ///   ``QueueError/Code/invalidField`` for a limit out of range.
    public func setLimit(
        _ limit: Int?, of type: String, create: Bool = false
    ) async throws(QueueError) {
        try TaskSubmission.check(type: type)
        if let limit, !(1...ModelLimits.maxConcurrency ~= limit) {
            throw .invalid("max_concurrency", "must be 1 to \(ModelLimits.maxConcurrency)")
        }
        try await checkKnown(type, create: create)
        try await attempt { () async throws(StoreError) in
            try await self.store.setLimit(limit, ofType: type)
        }
        births.note(type) { $0 = TypeSetting(limit: limit, isPaused: $0?.isPaused ?? false) }
    }

    /// Deletes a type that has no tasks, with its limit and pause. A later submission recreates it; while a live node
    /// serves it, it is still listed.
    ///
    /// - Throws: ``QueueError/Code/typeInUse`` if it has tasks, including ended ones; ``QueueError/Code/notFound`` if
    ///   the store does not know it.
    public func deleteType(_ type: String) async throws(QueueError) {
        try TaskSubmission.check(type: type)
        let removals = try await attempt { () async throws(StoreError) in
            try await self.store.removeTypes([type], evenIfSet: true)
        }
        switch removals.first {
        case .removed: births.note(type) { $0 = nil }
        case .hasTasks, .isSet:
            throw QueueError(
                .typeInUse, "type \(type) still has tasks; it can be deleted once they are removed")
        case .notFound, nil: throw QueueError(.notFound, "no such task type: \(type)")
        }
    }

    /// Returns the types that the store or a live node knows, by name.
    public func types() async throws(QueueError) -> [TypeReport] {
        try await attempt { () async throws(StoreError) in
            self.reports(of: try await self.store.types(), served: try await self.cluster.servedTypes())
        }
    }

    func reports(of states: [TypeState], served: Set<String>) -> [TypeReport] {
        let served = served.union(ownTypes)
        let unseen = served.subtracting(states.map(\.type))
        return (states + unseen.map { TypeState(type: $0) })
            .map { TypeReport(state: $0, hasHandler: served.contains($0.type)) }
            .sorted { $0.state.type < $1.state.type }
    }

    private func setPaused(_ paused: Bool, _ type: String) async throws(QueueError) {
        try await attempt { () async throws(StoreError) in
            try await self.store.setPaused(paused, type: type)
        }
        births.note(type) { $0 = TypeSetting(limit: $0?.limit, isPaused: paused) }
    }

    /// Rejects an unknown type: a misspelled name must not become a type.
    private func checkKnown(_ type: String, create: Bool) async throws(QueueError) {
        try TaskSubmission.check(type: type)
        guard !create, try await !types().contains(where: { $0.state.type == type }) else { return }
        throw QueueError(.notFound, "no such task type: \(type)")
    }
}
