public import XQueueCore

/// A part of a task's definition that a store keeps as a text and never looks at.
///
/// A field of such a type costs a store one line: it is written as its text, and read back from it.
public protocol PassiveText {
    /// What is kept.
    var text: String { get }

    /// Reads what was kept.
    ///
    /// - Parameter text: What ``text`` was; nil is made of anything else, and the field is left out then.
    init?(stored text: String)
}

extension TraceContext: PassiveText {
    /// - Parameter text: The trace's ``TraceContext/text``.
    public init?(stored text: String) { self.init(text: text) }
}

extension RawJSON: PassiveText {
    /// - Parameter text: JSON that was checked when it was taken in.
    public init?(stored text: String) { self.init(trusted: text) }
}
