#if Redis

import XQueueCore
import XQueueStoreKit

/// What is done with the fields of a packed form: they are listed, written or read.
///
/// A form is described once, by a function that walks over its fields in their order. ``FieldLister`` makes of it the
/// format and the names that scripts use, ``PackedWriter`` and ``PackedReader`` are the coder:
///
/// ```swift
/// static func layout<Coder: LayoutCoder>(
///     _ coder: inout Coder, _ definition: inout TaskDefinition
/// ) throws(StoreError) {
///     try coder.count("MAX_RETRY", .uint16, &definition.maxRetry)
///     …
/// }
/// ```
///
/// Names are those of scripts, which know every field but the texts at the end. A value that a lister or a writer is
/// given stays as it is.
protocol LayoutCoder {
    /// Whether values come out of the form.
    static var reads: Bool { get }

    /// - Parameters:
    ///   - name: What scripts call the field.
    ///   - kind: How it is packed.
    ///   - initial: What the field holds if a script that packs the form does not name it.
    ///   - value: The field's value.
    mutating func integer(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64, _ value: inout Int64
    ) throws(StoreError)

    /// - Parameters:
    ///   - name: What scripts call the field.
    ///   - initial: What the field holds if a script that packs the form does not name it.
    ///   - value: The field's value.
    mutating func double(_ name: StaticString, initial: Double, _ value: inout Double) throws(StoreError)

    /// A text without a NUL, which ends it.
    ///
    /// - Parameters:
    ///   - name: What scripts call the field; it is empty if a script that packs the form does not name it.
    ///   - value: The field's value.
    mutating func text(_ name: StaticString, _ value: inout String) throws(StoreError)

    /// A text behind the fields whose length one of them has.
    ///
    /// - Parameters:
    ///   - length: Bytes of UTF-8.
    ///   - value: The text.
    mutating func text(length: Int, _ value: inout String) throws(StoreError)

    /// All that is left.
    ///
    /// - Parameter value: The text.
    mutating func rest(_ value: inout String) throws(StoreError)

    /// What is left, without the passive texts that may stand behind it. JSON holds no NUL.
    ///
    /// - Parameter value: The text.
    mutating func payload(_ value: inout String) throws(StoreError)

    /// A text that no script looks at. Such texts stand behind the payload, each ended by a NUL, and those at the end
    /// that are missing take no place. A form that older versions have written lacks those that came later.
    ///
    /// - Parameter value: The text, without a NUL; nil for none.
    mutating func passive(_ value: inout String?) throws(StoreError)
}

/// How a whole number is packed, big-endian.
enum IntegerKind: String {
    case uint8 = "B"
    case uint16 = "I2"
    case uint32 = "I4"
    case int32 = "i4"
    /// Whole milliseconds: a time since 1970, or a duration. The largest one stands for none.
    case milliseconds = "I6"
    /// No more than a double holds, or Lua would round it.
    case uint64 = "I8"

    var width: Int {
        switch self {
        case .uint8: 1
        case .uint16: 2
        case .uint32, .int32: 4
        case .milliseconds: 6
        case .uint64: 8
        }
    }

    /// Stands for "no time".
    static let noTime: Int64 = 0xFFFF_FFFF_FFFF
}

// MARK: - Fields of the model's types

extension LayoutCoder {
    mutating func count(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64 = 0, _ value: inout Int
    ) throws(StoreError) {
        var number = Int64(value)
        try integer(name, kind, initial: initial, &number)
        if Self.reads { value = Int(number) }
    }

    mutating func priority(_ name: StaticString, _ value: inout Int32) throws(StoreError) {
        var number = Int64(value)
        try integer(name, .int32, initial: 0, &number)
        if Self.reads { value = Int32(truncatingIfNeeded: number) }
    }

    mutating func flag(_ name: StaticString, _ value: inout Bool) throws(StoreError) {
        var number: Int64 = value ? 1 : 0
        try integer(name, .uint8, initial: 0, &number)
        if Self.reads { value = number == 1 }
    }

    mutating func code<Value: StoredCode>(
        _ name: StaticString, initial: Int64 = 0, _ value: inout Value
    ) throws(StoreError) {
        var number = Int64(value.code)
        try integer(name, .uint8, initial: initial, &number)
        guard Self.reads else { return }
        guard let known = Value(code: Int(number)) else {
            throw StoreError(.corrupt, "\(name) is \(number), which is impossible")
        }
        value = known
    }

    mutating func duration(_ name: StaticString, _ value: inout Duration?) throws(StoreError) {
        var number =
            value.map { min(max($0.wholeMilliseconds, 0), IntegerKind.noTime - 1) } ?? IntegerKind.noTime
        try integer(name, .milliseconds, initial: IntegerKind.noTime, &number)
        if Self.reads { value = number == IntegerKind.noTime ? nil : .milliseconds(number) }
    }

    /// One that is always there.
    mutating func duration(_ name: StaticString, _ value: inout Duration) throws(StoreError) {
        var duration: Duration? = value
        try self.duration(name, &duration)
        if Self.reads { value = duration ?? .zero }
    }

    mutating func time(_ name: StaticString, _ value: inout Timestamp?) throws(StoreError) {
        var number =
            value.map { min(max($0.milliseconds, 0), IntegerKind.noTime - 1) } ?? IntegerKind.noTime
        try integer(name, .milliseconds, initial: IntegerKind.noTime, &number)
        if Self.reads { value = number == IntegerKind.noTime ? nil : Timestamp(milliseconds: number) }
    }

    /// One that is always there; what was known is kept where it is not.
    mutating func time(_ name: StaticString, _ value: inout Timestamp) throws(StoreError) {
        var time: Timestamp? = value
        try self.time(name, &time)
        if Self.reads, let time { value = time }
    }

    /// A text that may be missing: '' is a missing one, and '=' stands before one that is there.
    mutating func marked(_ name: StaticString, _ value: inout String?) throws(StoreError) {
        var text = value.marked
        try self.text(name, &text)
        if Self.reads { value = text.unmarked }
    }

    mutating func passive<Value: PassiveText>(_ value: inout Value?) throws(StoreError) {
        var text = value?.text
        try passive(&text)
        if Self.reads { value = text.flatMap { Value(stored: $0) } }
    }
}

/// What is kept as a number that never changes once released.
protocol StoredCode {
    var code: Int { get }
    init?(code: Int)
}

extension TaskStatus: StoredCode {}
extension RetryPolicy.Strategy: StoredCode {}
extension AttemptFailure.Kind: StoredCode {}

extension String? {
    /// The text behind a mark of presence; nothing if there is none.
    var marked: String { map { "=" + $0 } ?? "" }
}

extension String {
    /// The text behind a mark of presence; nil for none.
    var unmarked: String? { isEmpty ? nil : String(Substring(utf8.dropFirst())) }
}

#endif
