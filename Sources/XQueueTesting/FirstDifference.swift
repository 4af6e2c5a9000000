/// Where two long sequences first differ; nil if they are equal.
///
/// `#expect(firstDifference(got, 1...3000) == nil)` names the place, where comparing the sequences themselves
/// prints thousands of values.
public func firstDifference<Element: Equatable>(
    _ found: some Sequence<Element>, _ expected: some Sequence<Element>
) -> String? {
    var (found, expected) = (found.makeIterator(), expected.makeIterator())
    var index = 0
    while true {
        let pair = (found.next(), expected.next())
        if pair.0 != pair.1 {
            let words = [pair.0, pair.1].map { $0.map { "\($0)" } ?? "the end" }
            return "at \(index): \(words[0]) instead of \(words[1])"
        }
        if pair.0 == nil { return nil }
        index += 1
    }
}
