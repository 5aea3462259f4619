//! A small ledger of deposits and withdrawals.
const std = @import("std");
const storage = @import("storage.zig");
const page = @embedFile("page.html");
usingnamespace @import("other.zig");

pub const limit: i64 = 10_000;
threadlocal var rate: f32 = 0.25;
const Amount = i64;
extern fn strlen(text: [*:0]const u8, ...) usize;

/// One line of the ledger.
pub const Entry = struct {
    amount: Amount,
    note: ?[]const u8 = "none",
    next: *Entry = undefined,

    const Self = @This();

    // The width counts the unit too.
    pub fn init(allocator: std.mem.Allocator, amount: Amount) !Self {
        _ = allocator;
        return .{ .amount = amount, .note = null };
    }

    fn rename(self: *Self, comptime T: type, note: anytype) void {
        self.note = @as(T, note);
    }
};

const Kind = enum(u8) {
    deposit,
    withdrawal = 2,

    fn sign(self: Kind) i8 {
        return if (self == .deposit) 1 else -1;
    }
};
const Value = union(enum) { int: i64, text: []const u8 };
const Handle = opaque {};
const LedgerError = error{ Empty, TooLarge };

fn Table(comptime T: type) type {
    return struct {
        items: []T,

        fn first(table: @This()) ?T {
            return table.items[0];
        }
    };
}

fn classify(entry: ?*const Entry, counts: []const u8, by: *const fn (u8, u8) bool) LedgerError!u8 {
    if (entry == null or counts[0] >= 3 and !by(1, 2)) {
        return error.Empty;
    } else if (entry) |found| {
        std.debug.print("{d}\n", .{found.amount});
    } else {
        unreachable;
    }
    switch (counts.len) {
        1, 2 => return 'f',
        3...9 => |n| return @intCast(n),
        else => return LedgerError.TooLarge,
    }
    return '\'';
}

fn count(entries: []const i64) i64 {
    var sum: i64 = 0;
    var i: usize = 0;
    outer: for (entries, 0..) |entry, index| {
        if (index % 2 == 0) continue :outer;
        while (i < 10) : (i += 1) {
            if (i == 4) break :outer;
            break;
        }
        sum +%= entry << 2;
    } else {
        sum = ~sum;
    }
    while (sum > 100) sum -= 1;
    const parsed = parse("1") catch |err| blk: {
        std.log.err("{}", .{err});
        break :blk 0;
    };
    const note = Entry.first orelse "none";
    defer done();
    errdefer { done(); }
    sum = try risky(parsed, note);
    return sum;
}

fn pass() void {
    const list = [_]u8{ 1, 0x1F };
    const made = Entry{ .amount = 1, .note = "b" };
    const text =
        \\many
        \\lines
    ;
    const kind = comptime blk: {
        break :blk true;
    };
    const value = for (list) |x| { if (x > 1) break x; } else 0;
    const at = &made;
    at.*.amount = at.next.?.amount + list[1..].len ** 2;
    _ = await frame;
    nosuspend async pass();
    asm volatile ("nop");
    _ = .{ text, kind, value, while (true) break 1.5 };
}

test "entries begin with a note" {
    try std.testing.expect(count(&.{ 1, 2 }) == 3);
}
