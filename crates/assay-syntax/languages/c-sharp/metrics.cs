// Expected values of the metrics, above each method. Rules: docs/metrics.md.
namespace Sample
{
    class Metrics
    {
        // metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 qualified=Sample.Metrics.Nothing
        void Nothing() { }

        // metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
        int Sign(int number)
        {
            if (number > 0)
                return 1;
            else if (number < 0)
                return -1;
            else
                return 0;
        }

        // metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
        void NestedInElse(bool left, bool right)
        {
            if (left) Go();
            else { if (right) Go(); }
        }

        // metrics: cyclomatic=5 cognitive=7 nesting=3
        void Loops(int[][] rows)
        {
            foreach (var row in rows)
            {
                for (var i = 0; i < row.Length; i++)
                {
                    while (row[i] > 0) row[i]--;
                }
            }
            do { } while (Go());
        }

        // metrics: cyclomatic=3 cognitive=1 nesting=1 exits=3
        string Word(int number)
        {
            switch (number)
            {
                case 1:
                case 2:
                    return "few";
                case 3:
                    return "some";
                default:
                    return "many";
            }
        }

        // metrics: cyclomatic=4 cognitive=2
        string Arms(int number) => number switch
        {
            < 0 => "negative",
            > 9 when Go() => "many",
            _ => "some",
        };

        // metrics: cyclomatic=3 cognitive=3 nesting=2 exits=1
        void Handlers()
        {
            try { Go(); }
            catch (System.Exception error)
            {
                if (error == null) throw;
            }
            finally { Stop(); }
        }

        // metrics: cyclomatic=6 cognitive=3
        bool Sequences(bool a, bool b, bool c, bool d, bool e, bool f) => a && b && c || d || e && f;

        // metrics: cyclomatic=4 cognitive=2
        bool Parentheses(bool a, bool b, bool c, bool d) => a && (b && !(c && d));

        // metrics: cyclomatic=5 cognitive=3
        int Choices(int? a, int? b, int? c)
        {
            c ??= 3;
            return a == 1 ? 1 : b == 1 ? 2 : c ?? 4;
        }

        // metrics: cyclomatic=2 cognitive=2
        void Jumps(int n)
        {
            if (n > 0) goto done;
            done: Go();
        }

        // metrics: cyclomatic=2 cognitive=2
        int Count(int n) => n == 0 ? 0 : Count(n - 1);

        // metrics: cyclomatic=2 cognitive=2
        int Down(int n) => n == 0 ? 0 : this.Down(n - 1);

        // metrics: cyclomatic=3 cognitive=3 nesting=2
        void Lambda(System.Collections.Generic.List<string> items)
        {
            items.ForEach(item =>
            {
                if (item != null && Go()) Stop();
            });
        }

        // metrics: cyclomatic=1 cognitive=2
        void Local()
        {
            // metrics: cyclomatic=2 cognitive=1 name=Helper
            void Helper(bool a)
            {
                if (a) Go();
            }
            Helper(true);
        }

        // A query is a comprehension: it decides, and reads as one expression.
        // metrics: cyclomatic=3 cognitive=0
        object Query(int[] numbers) => from number in numbers where number > 0 select number;

        // metrics: cyclomatic=2 cognitive=1 params=1
        int this[int index] => index > 0 ? 1 : 0;

        // metrics: params=4
        void Parameters(int a, string b = "x", ref int c, params object[] d) { }
    }

    // class-metrics: methods=0 cyclomatic=0
    interface IShape
    {
        int Area();
    }
}
