/// One kind of store with its settings, which are the factory's own properties: everything that it takes to open one.
///
/// A program that runs on several stores has a table of them, and knows nothing else of any.
public protocol StoreFactory: Sendable {
    /// What the store is called: `sqlite`.
    var name: String { get }

    /// Where the queue is kept, for people: a path or an address, without any password.
    var place: String { get }

    /// Opens the store, or makes it.
    ///
    /// - Parameter limits: The bounds it keeps.
    /// - Throws: ``StoreError`` with a message that says which place cannot be used, and why.
    func open(_ limits: StoreLimits) async throws(StoreError) -> any Store

    /// Whether a store that could not be opened may be there a moment later, so that it is worth waiting for.
    ///
    /// - Parameter error: What ``open(_:)`` has thrown.
    func mayPass(_ error: StoreError) -> Bool
}

extension StoreFactory {
    /// False: what is there is there at once.
    public func mayPass(_ error: StoreError) -> Bool { false }
}
