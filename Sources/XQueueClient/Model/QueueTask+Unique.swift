import XQueueCore

extension QueueTask {
    /// Among which tasks a task's key is unique, and until when.
    public struct Unique: Sendable, Hashable, Decodable {
        /// The key, including the hash of the parts of the payload that belong to it.
        public let key: String
        /// When the key becomes free.
        public let until: Submission.Unique.Until
        /// How long the key is held at least, counted from the acceptance of the task.
        public let window: Duration?
        /// Whether all types that say so share the key.
        public let isAcrossTypes: Bool

        /// Decodes a rule.
        ///
        /// - Parameter decoder: The decoder to read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            key = try object.value("key")
            until = Submission.Unique.Until(rawValue: try object.value("until"))
            window = try object.optionalDuration("window")
            isAcrossTypes = try object.optional("across_types") ?? false
        }
    }
}
