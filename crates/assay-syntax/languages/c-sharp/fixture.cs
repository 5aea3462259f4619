extern alias Old;
using System;
using System.Collections.Generic;
using static System.Math;
using Table = System.Collections.Generic.Dictionary<string, int>;

#define TRACE
#if DEBUG && !TRACE
#warning slow
#elif RELEASE
#else
#region Ledger
#endif

namespace Example.Ledger
{
    /// <summary>How an entry looks.</summary>
    [Obsolete("old"), Serializable]
    public interface IDescribed<in T> where T : class, new()
    {
        string Describe(T amount, int width = 8);
        int Width { get; }
    }

    public delegate bool Filter(Entry entry);
    public enum Kind : byte { Deposit, Withdrawal = 2 }
    public record Pair(int Left, string Right);
    internal struct Point { public int X, Y; }

    /** One line of the ledger. */
    public sealed partial class Entry<T>(int seed) : Base(seed), IDescribed<T>
    {
        private const int Limit = 10_000;
        private readonly double rate = 0.25, step = 1e-3;
        public event EventHandler Changed;
        public string Note { get; set; } = "none";
        public long Total => total << 2;
        public char Letter
        {
            get { return letter; }
            private set => letter = value;
        }
        public int this[int index, string key] { get => counts[index]; }
        public T this[T key] => key;
        public event EventHandler Closed { add { } remove { } }

        static Entry() { }

        // Not for everyone.
        protected Entry(in int amount, ref string note, params object[] rest) : base(amount)
        {
            this.total = amount;
        }

        ~Entry() { }

        public static Entry<T> operator +(Entry<T> a, Entry<T> b) => a;
        public static implicit operator int(Entry<T> entry) { return 1; }
        public static explicit operator Pair(Entry<T> entry) { return null; }
        public abstract void Seal();
        string IDescribed<T>.Describe(T amount, int width) => $"{amount,8:x} {width}";
        public static string Shout(this string text, out int length) { length = 0; return text; }

        public bool Compare(object other, int[] counts, T? value)
        {
            if (other == null || counts[0] >= 3 && !(other is string))
            {
                return false;
            }
            else if (other is Entry<T> { Note: not null } entry and not 3)
            {
                return true;
            }
            else
            {
                ;
            }
            return counts.Length > 0 ? counts[^1] < 2 : true;
        }

        public async Task<string> Classify(object value)
        {
            switch (value)
            {
                case 1:
                case 2 when total > 3:
                    break;
                case int number:
                    goto case 1;
                default:
                    total++;
                    break;
            }
            await Task.Delay(0x10);
            return value switch
            {
                1 or 2 => "one",
                > 3 and < 5 => "four",
                Pair(var left, _) when left != 4 => "pair",
                _ when total == 1 => "guarded",
                _ => throw new ArgumentException("what is " + value),
            };
        }

        IEnumerable<int> Count(List<int> entries)
        {
            int sum = 0, step = ~1;
            for (int i = 0, n = entries.Count; i < n; i++)
            {
                foreach (var entry in entries)
                {
                    if (entry == i) continue;
                    else break;
                }
                while (sum <= 10) sum += i % 2;
                do { --sum; } while (sum > 100);
            }
            again:
            try
            {
                lock (this) { sum = checked(sum * 2); }
                using (var reader = Open()) { yield return reader.Read(); }
                using var other = Open();
            }
            catch (FormatException error) when (error.Message is not null)
            {
                throw;
            }
            catch { goto again; }
            finally
            {
                unsafe { fixed (int* at = counts) { } }
            }
            checked { sum -= 1; }
            yield break;
        }

        void Pass()
        {
            Func<int, int> twice = x => x * 2;
            Func<int, int, int> sum = (int a, int b) => { return a + b; };
            Action run = delegate (int c) { Console.WriteLine(c); };
            int Local(int u, int v) => u - v;
            static void Other() { }
            var query = from n in numbers where n > 1 from m in n.Items orderby n select n.Note;
            string path = @"C:\dir" + """raw "text" """ + 'c' + '\'';
            note ??= other?.Note ?? "none";
            var list = new List<int> { 1, 2 };
            Entry<T> made = new(1);
            (int left, string right) = (1, "b");
            int[] counts = [1, .. list];
            object boxed = made as object;
            var size = sizeof(int) + typeof(T).Name.Length;
        }
    }
}
