{-# LANGUAGE CPP, LambdaCase, MultiWayIf, ImplicitParams, QuasiQuotes, OverloadedRecordDot #-}
{- | Readings of a station.
   {- nested -} still a comment
-}
module Weather.Station
  ( Station (..)
  , grade
  ) where

import Control.Exception (catch, throwIO)
import qualified Data.Map.Strict as Map
import Data.Maybe hiding (fromJust)

-- | One station.
data Station = Station
  { name :: String
  , readings :: [Double]
  } deriving (Show, Eq)

#if defined(DEBUG)
#endif
newtype Limit = Limit { unLimit :: Int }

type Table k = Map.Map k Station

class Shape a where
  area :: a -> Double
  scale :: Double -> a -> a
  scale _ shape = shape

instance Shape Station where
  area (Station _ values) = sum values

type family Unit a where
  Unit Station = Double

type Limited :: Type -> Type

infixl 6 <+>

-- | Adds two tables.
(<+>) :: Ord k => Table k -> Table k -> Table k
a <+> b = Map.union a b

grade :: Double -> String
grade value
  | value > 60 = "hot"
  | value > 20 && value /= 30, even (round value) = "mild"
  | otherwise = "cold"

count :: [a] -> Int
count [] = 0
count (_ : rest) = 1 + count rest

shape :: Maybe (Int, Int) -> Int
shape point = case point of
  Just (x, y) | x == y || x < 0 -> x * 2
              | otherwise -> y
  Just (0, _) -> 0
  _ -> -1

describe :: Int -> String
describe n =
  if n < 0
    then "below"
    else if n == 0 then "zero" else "above"

sign :: Int -> Int
sign n = if | n < 0 -> -1
            | n > 0, n /= 5 -> 1
            | otherwise -> 0

limit :: Limit
limit = Limit { unLimit = 0x1F }

total :: Station -> Double
total station = go 0 values
  where
    values = readings station
    go acc [] = acc
    go acc (x : xs)
      | x < 0 = go acc xs
      | True = go (acc + x) xs

-- Two cases at once.
both :: Int -> Int -> Int
both = \cases
  0 _ -> 0
  x y -> x + y

scoped :: (?scale :: Int) => Int -> Int
scoped x = let y = x * ?scale in y

pairs :: [Int] -> [(Int, Char)]
pairs xs = [ (x, 'c') | x <- xs, odd x, let y = x ^ 2, y > 10 ]

page :: Station -> String
page station = [text|no "code" here|] ++ station.name

load :: FilePath -> IO (Either String Station)
load path = do
  text <- readFile path
  let size = length text
      warm = (> 20) . fromIntegral
  mapM_ (\line -> putStrLn line) (lines text)
  result <- handle $ \case
    "" -> pure Nothing
    other -> pure (Just other)
  if size > 1e3 then throwIO (userError "too long\n") else return ()
  let step = \a b -> a `div` b
  pure $ maybe (Left "none") (const (Right (Station { name = text, readings = [1 ..] }))) result
  where
    handle f = f path `catch` \problem -> error (show (problem :: IOError))
