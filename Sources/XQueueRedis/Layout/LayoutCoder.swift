#if Redis

import XQueueCore
import XQueueStoreKit

/// Lists, writes or reads the fields of a packed form.
///
/// A function that visits the fields in order describes a form once. ``FieldLister`` derives from it the format and the
/// names for scripts; ``PackedWriter`` and ``PackedReader`` write and read it:
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
/// The names are for scripts, which can access every field but the strings at the end. Listers and writers leave the
/// values unchanged.
protocol LayoutCoder {
    /// Whether the coder reads values.
    static var reads: Bool { get }

    /// - Parameters:
    ///   - name: The field's name in scripts.
    ///   - kind: The packed type.
    ///   - initial: The default if a script packs the form without naming the field.
    ///   - value: The field's value.
    mutating func integer(
        _ name: StaticString, _ kind: IntegerKind, initial: Int64, _ value: inout Int64
    ) throws(StoreError)

    /// - Parameters:
    ///   - name: The field's name in scripts.
    ///   - initial: The default if a script packs the form without naming the field.
    ///   - value: The field's value.
    mutating func double(_ name: StaticString, initial: Double, _ value: inout Double) throws(StoreError)

    /// A NUL-terminated string.
    ///
    /// - Parameters:
    ///   - name: The field's name in scripts. The default is the empty string.
    ///   - value: The field's value.
    mutating func text(_ name: StaticString, _ value: inout String) throws(StoreError)

    /// A string after the fields, one of which is its length.
    ///
    /// - Parameters:
    ///   - length: Length in bytes of UTF-8.
    ///   - value: The string.
    mutating func text(length: Int, _ value: inout String) throws(StoreError)

    /// The rest of the bytes.
    ///
    /// - Parameter value: The string.
    mutating func rest(_ value: inout String) throws(StoreError)

    /// The rest of the bytes, without opaque texts after it. JSON contains no NUL.
    ///
    /// - Parameter value: The string.
    mutating func payload(_ value: inout String) throws(StoreError)

    /// A string that scripts ignore. Passive texts follow the payload, each NUL-terminated; missing ones at the end
    /// take no space. Forms written by older versions lack texts added later.
    ///
    /// - Parameter value: The string, without NUL; nil for none.
    mutating func opaque(_ value: inout String?) throws(StoreError)
}

/// The packed type of an integer, big-endian.
enum IntegerKind: String {
    case uint8 = "B"
    case uint16 = "I2"
    case uint32 = "I4"
    case int32 = "i4"
    /// Milliseconds: a time since 1970, or a duration. The maximum stands for none.
    case milliseconds = "I6"
    /// At most 2^53, beyond which Lua's doubles round.
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

    /// The value for "no time".
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
            throw StoreError(.corrupt, "invalid value \(number) of \(name)")
        }
        value = known
    }

    mutating func duration(_ name: StaticString, _ value: inout Duration?) throws(StoreError) {
        var number =
            value.map { min(max($0.wholeMilliseconds, 0), IntegerKind.noTime - 1) } ?? IntegerKind.noTime
        try integer(name, .milliseconds, initial: IntegerKind.noTime, &number)
        if Self.reads { value = number == IntegerKind.noTime ? nil : .milliseconds(number) }
    }

    /// A duration that is never missing.
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

    /// A time that is never missing; otherwise `value` is unchanged.
    mutating func time(_ name: StaticString, _ value: inout Timestamp) throws(StoreError) {
        var time: Timestamp? = value
        try self.time(name, &time)
        if Self.reads, let time { value = time }
    }

    /// An optional string: empty for nil, else with a leading `=`.
    mutating func marked(_ name: StaticString, _ value: inout String?) throws(StoreError) {
        var text = value.marked
        try self.text(name, &text)
        if Self.reads { value = text.unmarked }
    }

    mutating func opaque<Value: OpaqueText>(_ value: inout Value?) throws(StoreError) {
        var text = value?.text
        try opaque(&text)
        if Self.reads { value = text.flatMap { Value(stored: $0) } }
    }
}

/// A value stored as a number, which must never change once released.
protocol StoredCode {
    var code: Int { get }
    init?(code: Int)
}

extension TaskStatus: StoredCode {}
extension RetryPolicy.Strategy: StoredCode {}
extension AttemptFailure.Kind: StoredCode {}

extension String? {
    /// The string with a leading `=`; empty for nil.
    var marked: String { map { "=" + $0 } ?? "" }
}

extension String {
    /// The string without its leading `=`; nil if empty.
    var unmarked: String? { isEmpty ? nil : String(Substring(utf8.dropFirst())) }
}

#endif
