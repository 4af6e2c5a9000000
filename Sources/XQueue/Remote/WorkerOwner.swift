/// On whose behalf a remote worker calls.
package struct WorkerOwner: Sendable, Hashable {
    /// What the token is called.
    package var name: String
    /// The types that exist for it; nil for all.
    package var types: Set<String>?
    /// The most workers of it that a node knows at once; nil for no bound of its own.
    package var maxWorkers: Int?

    package init(name: String, types: Set<String>? = nil, maxWorkers: Int? = nil) {
        self.name = name
        self.types = types
        self.maxWorkers = maxWorkers
    }

    /// Whether a worker that serves `types` is the owner's to replace or to forget.
    func mayTouch(_ types: [String]) -> Bool {
        self.types?.isSuperset(of: types) ?? true
    }
}
