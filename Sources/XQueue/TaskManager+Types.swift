import XQueueCore

extension TaskManager {
    /// Holds back the claims of `type`, on all nodes, until ``resume(_:)``; running tasks go on.
    ///
    /// - Parameters:
    ///   - type: The name of the type.
    ///   - create: Whether a type that neither the store nor a live node knows is made.
    /// - Throws: ``QueueError/Code/notFound`` for a type that nobody knows, unless it is made.
    public func pause(_ type: String, create: Bool = false) async throws(QueueError) {
        try await checkKnown(type, create: create)
        try await setPaused(true, type)
    }

    /// Lets the tasks of a paused type go.
    ///
    /// - Throws: ``QueueError/Code/notFound`` for a type that nobody knows.
    public func resume(_ type: String) async throws(QueueError) {
        try await checkKnown(type, create: false)
        try await setPaused(false, type)
    }

    /// Sets the most tasks of a type that run at once, across all nodes, until it is set again.
    ///
    /// A node whose handler is registered with a `maxConcurrency` sets that one when it starts.
    ///
    /// - Parameters:
    ///   - limit: 1 to `ModelLimits.maxConcurrency`; nil for no limit.
    ///   - type: The task type.
    ///   - create: Whether a type that neither the store nor a live node knows is made.
    /// - Throws: ``QueueError/Code/notFound`` for a type that nobody knows, unless it is made.
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

    /// Forgets a type that has no tasks, with its limit and its pause. A task that is submitted later brings it
    /// back; a live handler of it is still listed.
    ///
    /// - Throws: ``QueueError/Code/typeInUse`` while there are tasks of it, ended ones included;
    ///   ``QueueError/Code/notFound`` if the store does not know it.
    public func deleteType(_ type: String) async throws(QueueError) {
        try TaskSubmission.check(type: type)
        let removals = try await attempt { () async throws(StoreError) in
            try await self.store.removeTypes([type], evenIfSet: true)
        }
        switch removals.first {
        case .removed: births.note(type) { $0 = nil }
        case .hasTasks, .isSet:
            throw QueueError(
                .typeInUse, "there are tasks of type \(type): it can be deleted once they are removed")
        case .notFound, nil: throw QueueError(.notFound, "there is no task type \(type)")
        }
    }

    /// The types the store or a live node knows, by name.
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

    /// A name with a mistake in it must not become a type that holds nothing back.
    private func checkKnown(_ type: String, create: Bool) async throws(QueueError) {
        try TaskSubmission.check(type: type)
        guard !create, try await !types().contains(where: { $0.state.type == type }) else { return }
        throw QueueError(.notFound, "there is no task type \(type)")
    }
}
