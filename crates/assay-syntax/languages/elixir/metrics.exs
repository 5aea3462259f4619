# Expected values of the metrics, above each function.
defmodule Sample do
  # metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 name=nothing
  def nothing do
    :ok
  end

  # metrics: cyclomatic=2 cognitive=2 nesting=1 params=1
  def grade(points) do
    if points > 90 do
      "a"
    else
      "b"
    end
  end

  # metrics: cyclomatic=2 cognitive=2 params=1
  defp short(value), do: if(value, do: 1, else: 2)

  # metrics: cyclomatic=3 cognitive=2 params=2 name=guarded
  def guarded(a, b) when a > 0 and b > 0 or a == b do
    a
  end

  # metrics: cyclomatic=4 cognitive=2 nesting=1
  def cases(value) do
    case value do
      {:ok, x} when x > 0 -> x
      {:error, _} -> raise "no"
      _ -> nil
    end
  end

  # metrics: cyclomatic=3 cognitive=1
  def conditions(value) do
    cond do
      value > 2 -> "many"
      value > 1 -> "some"
      true -> "none"
    end
  end

  # metrics: cyclomatic=4 cognitive=3 exits=1
  def handlers(path) do
    try do
      File.read!(path)
    rescue
      error in [RuntimeError] -> reraise error, []
      ArgumentError -> nil
    catch
      :exit, _ -> nil
    after
      :ok
    end
  end

  # metrics: cyclomatic=3 cognitive=1
  def chains(path) do
    with {:ok, text} <- File.read(path) do
      text
    else
      {:error, _} -> nil
      :eof -> nil
    end
  end

  # metrics: cyclomatic=4 cognitive=3 nesting=2
  def loops(rows) do
    for row <- rows do
      if row, do: row
    end

    for row <- rows, do: row
  end

  # Of several clauses the first is the way through.
  # metrics: cyclomatic=2 cognitive=0 params=0
  def clauses do
    fn
      0 -> :zero
      _n -> :other
    end
  end

  # metrics: cyclomatic=3 cognitive=1
  def timed do
    receive do
      {:ok, x} -> x
    after
      100 -> nil
    end
  end
end
