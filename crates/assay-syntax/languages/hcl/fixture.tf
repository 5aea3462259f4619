# The archive of a weather station.
// Versions are pinned.
/* One provider
   for everything. */
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

variable "stations" {
  type        = map(object({ limit = number, active = optional(bool, true) }))
  description = "The stations by name."
  default     = {}

  validation {
    condition     = length(var.stations) > 0 && alltrue([for s in var.stations : s.limit <= 60.5])
    error_message = "A station needs a \"limit\"."
  }
}

locals {
  active = { for name, station in var.stations : name => station if station.active != false }
  limits = [for station in values(local.active) : -station.limit]
  groups = { for name, s in local.active : s.limit => name... }
  prefix = var.prefix == null || var.prefix == "" ? "weather" : var.prefix
  size   = (1 + 2) * 3 - 4 / 2 % 5
  script = <<-EOT
    %{ for name in keys(local.active) ~}
    echo "${name}" # not a comment
    %{ if name == "north" }cold%{ else }mild%{ endif }
    %{ endfor ~}
  EOT
}

resource "aws_s3_bucket" "archive" {
  for_each = local.active
  bucket   = "${local.prefix}-${each.key}"

  dynamic "rule" {
    for_each = each.value.rules[*].id
    content {
      id      = rule.value
      enabled = !lookup(each.value, "off", false)
    }
  }

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [tags["owner"], tags.0]
  }

  tags = merge(var.tags, {
    "limit" = each.value.limit
    Name    = each.key
  })
}

module "network" {
  source = "./modules/network"
  ids    = aws_s3_bucket.archive.*.id
  count  = var.enabled ? 1 : 0
}

output "buckets" {
  value     = [for bucket in aws_s3_bucket.archive : bucket.arn]
  sensitive = true
}
