/// A store's failure to perform a call, which had no effect.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The store cannot be used now (locked, full, gone); retrying later may help.
        public static let unavailable = Code(rawValue: "store_unavailable")
        /// The stored data cannot be read.
        public static let corrupt = Code(rawValue: "store_corrupt")
        /// The stored data has a layout that only a newer version knows.
        public static let newer = Code(rawValue: "store_newer")
        /// Another process owns the store.
        public static let inUse = Code(rawValue: "store_in_use")
        /// The limit on pending tasks is reached.
        public static let backlogFull = Code(rawValue: "backlog_full")
        /// The limit on distinct task types is reached.
        public static let tooManyTypes = Code(rawValue: "too_many_types")
        /// The store holds other data than the caller knows; see ``StoreBirth``.
        public static let replaced = Code(rawValue: "store_replaced")
        /// The store has been closed.
        public static let closed = Code(rawValue: "store_closed")
    }

    public let code: Code
    public let message: String
    /// The underlying driver's error, if there was one.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String {
        "\(code.rawValue): \(message)"
    }
}
