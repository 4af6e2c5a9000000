/// The mark of what a store holds: drawn when the first node finds none, and gone with the data.
///
/// A node that finds another mark than the one it knows works with other data than before: the server lost what it
/// held, or another one stands in its place.
public struct StoreBirth: Sendable, Hashable {
    /// Drawn at random, so that no other data has it.
    public var id: String
    /// When it was drawn, by the store's clock.
    public var bornAt: Timestamp

    public init(id: String, bornAt: Timestamp) {
        self.id = id
        self.bornAt = bornAt
    }
}
