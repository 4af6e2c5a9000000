public import XQueueCore

/// A part of a task's definition that a store keeps as text and never interprets.
///
/// Such a field costs a store one line of code: it is written as text and read back from it.
public protocol OpaqueText {
    /// The stored form.
    var text: String { get }

    /// Restores the value from its stored form.
    ///
    /// - Parameter text: A value's ``text``; anything else yields nil, which leaves the field out.
    init?(stored text: String)
}

extension TraceContext: OpaqueText {
    /// - Parameter text: The trace's ``TraceContext/text``.
    public init?(stored text: String) { self.init(text: text) }
}

extension RawJSON: OpaqueText {
    /// - Parameter text: JSON that was validated when it was accepted.
    public init?(stored text: String) { self.init(trusted: text) }
}

extension ScheduledTick: OpaqueText {
    /// - Parameter text: The tick's ``ScheduledTick/text``.
    public init?(stored text: String) { self.init(text: text) }
}
