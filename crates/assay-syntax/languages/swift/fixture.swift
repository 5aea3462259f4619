#!/usr/bin/swift
import Foundation
@testable import class Ledger.Storage

/// How an entry looks.
protocol Described: AnyObject {
    associatedtype Unit
    var width: Int { get }
    func describe(_ amount: Int, unit: String) -> String
    init(width: Int)
    subscript(index: Int) -> Int { get }
}

enum Kind: Int, Error {
    case deposit = 1, withdrawal
    indirect case other(Kind, note: String)

    func shorten() -> String { "kind" }
}

struct Pair { let left: Int, right: Int }
actor Registry {}
typealias Filter = (Entry, Int) -> Bool
let limit = 10_000
var rate: Double { 0.25 }

/** One line of the ledger. */
@objc public final class Entry<T>: Base, Described where T: Comparable {
    static var count = 0, total: Int?
    lazy var letters: [Character] = ["a"]
    weak var next: Entry?
    var note: String = "none" {
        willSet { print(newValue) }
        didSet(old) { print(old) }
    }
    var amount: Int {
        get async throws { return 0x1F }
        set(value) { Entry.count = value }
    }
    public var body: some View { note.isEmpty ? "a" : "b" }
    subscript(index: Int) -> Int { get { 1 } }
    subscript(key: String) -> Int { key.count }

    /* Not for /* nested */ everyone. */
    init(amount: Int, _ note: String = "none", rest: Int...) throws {
        self.note = note
        super.init()
    }

    deinit { Entry.count -= 1 }

    static func + (left: Entry, right: Entry) -> Entry { left }
    private mutating func seal() async {}
}

extension Entry {
    func classify(with value: inout T?, counts: [Int: String], by compare: (T, Int) throws -> Bool) -> String {
        guard let value = value, counts.count > 1 else { return "none" }
        if counts[0] == nil || counts.count >= 3 && !counts.isEmpty {
            return "few \(counts.count) of"
        } else if value is String {
            return #"raw "text" \#(value)"#
        } else {
            print("""
                more "text"
                """)
        }
        switch value {
        case 1, 2:
            break
        case let .other(kind, _) where kind != .deposit:
            fallthrough
        default:
            throw Kind.withdrawal
        }
        return try? compare(value, 0b1) ? "a" : (note ?? "b")
    }
}

func count(_ entries: [Int]) -> Int {
    var sum = 0, step = ~1
    outer: for (index, entry) in entries.enumerated() where entry > 0 {
        for i in 0..<10 {
            if i % 2 == 0 { continue outer }
            if i == 4 { break outer } else { continue }
        }
        while sum <= 10 { sum += entry << 2 }
        repeat { sum *= 2 } while sum < 100
    }
    do {
        try risky()
    } catch let error as Kind {
        sum = -1
    } catch {
        throw error
    }
    do { sum = entries[0] }
    defer { done() }
    return sum
}

func pass() async {
    let twice = { (x: Int) -> Int in x * 2 }
    let sum = { a, b in a + b }
    let found = list.map { $0 + 1.5 }.filter { $0 !== nil }
    await twice(1)
    let table: [String: Int] = ["a": 1], pair = (1, b: 0o17)
    let other = made as? Entry<Int>
    made!.next?.note = nil
    #if DEBUG
    let view = #selector(Entry.seal)
    #else
    let flag = true
    #endif
    let some = [Int](repeating: 0, count: 3)
    let made = Array<Int>()
    var storage: Int { _read { yield total } }
}
