import XQueueCore

extension Submission {
    /// Which other tasks exclude a task, and what to do if there is one. Nil fields take the server's defaults.
    public struct Unique: Sendable, Hashable {
        /// The key, unique within the type: 1 to 256 bytes, at most 191 together with ``by``; nil to use ``by`` alone.
        public var key: String?
        /// Paths into the payload, such as `customer.id`, whose values are part of the key; an empty list is the whole
        /// payload. At most 32.
        public var by: [String]?
        /// When the key becomes free; nil = ``Until/done``, or ``Until/started`` with a debounce.
        public var until: Until?
        /// How long the key is held at least, counted from the acceptance of the task, 1 ms to 10 years. Required with
        /// ``Until/window``, and not allowed with ``Until/started``.
        public var window: Duration?
        /// Whether all types that say so share the key. Requires a token for all types.
        public var isAcrossTypes: Bool?
        /// What to do if another task holds the key; nil = ``Conflict/returnExisting``.
        public var onConflict: Conflict?

        /// Creates a rule.
        ///
        /// - Parameters:
        ///   - key: The key; nil to use `by` alone.
        ///   - by: Paths into the payload whose values are part of the key.
        ///   - until: When the key becomes free.
        ///   - window: How long the key is held at least.
        ///   - isAcrossTypes: Whether all types that say so share the key.
        ///   - onConflict: What to do if another task holds the key.
        public init(
            key: String? = nil, by: [String]? = nil, until: Until? = nil, window: Duration? = nil,
            isAcrossTypes: Bool? = nil, onConflict: Conflict? = nil
        ) {
            self.key = key
            self.by = by
            self.until = until
            self.window = window
            self.isAcrossTypes = isAcrossTypes
            self.onConflict = onConflict
        }

        /// When a unique key becomes free.
        public struct Until: RawRepresentable, Sendable, Hashable {
            /// The moment as text.
            public let rawValue: String

            /// Creates a moment.
            ///
            /// - Parameter rawValue: The moment as text.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// When the first attempt starts. A retry does not take the key back.
            public static let started = Until(rawValue: "started")
            /// When the task has ended, and the window, if any, has elapsed.
            public static let done = Until(rawValue: "done")
            /// When the window has elapsed, whatever the task does.
            public static let window = Until(rawValue: "window")
        }

        /// What a submission does if another task holds its key.
        public enum Conflict: Sendable, Hashable {
            /// Returns that task; see ``QueueTask/isDeduplicated``.
            case returnExisting
            /// Fails with ``QueueClientError/Code/notUnique``.
            case reject
            /// Rewrites that task if it is pending; see ``QueueTask/isReplaced``. Otherwise fails as ``reject``.
            case replace
            /// Rewrites that task if it is pending. If it runs, the new task waits for its end; a further one rewrites the
            /// task that waits.
            case rerun
            /// Rewrites that task if it is pending, unless `keepsFirst`, and starts its wait again. The first task waits,
            /// too.
            ///
            /// - Parameters:
            ///   - wait: How long to wait after the latest submission.
            ///   - maxWait: How long to wait at most after the first one; nil = 10 times `wait`.
            ///   - keepsFirst: Whether the task stays as it was first submitted.
            case debounce(wait: Duration, maxWait: Duration? = nil, keepsFirst: Bool = false)
        }
    }
}

extension JSONWriter {
    /// Writes the member `unique`.
    mutating func unique(_ unique: Submission.Unique?) {
        name("unique")
        guard let unique else { return null() }
        object { writer in
            if let key = unique.key { writer.member("key", key) }
            if let by = unique.by {
                writer.name("by")
                writer.array(by) { $0.value($1) }
            }
            if let until = unique.until { writer.member("until", until.rawValue) }
            if let window = unique.window { writer.member("window", window) }
            if let isAcrossTypes = unique.isAcrossTypes { writer.member("across_types", isAcrossTypes) }
            if let conflict = unique.onConflict { writer.conflict(conflict) }
        }
    }

    private mutating func conflict(_ conflict: Submission.Unique.Conflict) {
        switch conflict {
        case .returnExisting: member("on_conflict", "return")
        case .reject: member("on_conflict", "reject")
        case .replace: member("on_conflict", "replace")
        case .rerun: member("on_conflict", "rerun")
        case .debounce(let wait, let maxWait, let keepsFirst):
            member("on_conflict", "debounce")
            member("wait", wait)
            if let maxWait { member("max_wait", maxWait) }
            if keepsFirst { member("keep", "first") }
        }
    }
}
